import { Inject, Injectable } from '@nestjs/common';
import type { UserRef } from '@oubliette/keyring';
import { USER_LOOKUPS } from '@oubliette/nest';
import { emailIndex, type UserLookups } from '@oubliette/privacy';
import type { EntityManager } from 'typeorm';
import { StudentRows, type Student } from './student-rows.js';

const EMAIL = 'email';

/** What students are found by: their e-mail address, in capitals or not. */
export const studentIndexes = [emailIndex({ name: EMAIL, foldLocalPart: true })];

/** Finds students by e-mail; the rows hold a keyed hash of it, the pseudonym, and the address under the student's key. */
@Injectable()
export class StudentLookups {
  constructor(
    @Inject(USER_LOOKUPS) private readonly lookups: UserLookups<EntityManager>,
    private readonly students: StudentRows,
  ) {}

  /** Before the transaction in which `write` is called. */
  async prepare(userRefs: Iterable<UserRef>): Promise<void> {
    await this.lookups.prepare(EMAIL, userRefs);
  }

  /** In the transaction that writes the students' rows; who was forgotten meanwhile is left out. */
  write(
    manager: EntityManager,
    students: readonly { userRef: UserRef; student: Pick<Student, 'email'> }[],
  ): Promise<void> {
    const entries = students.map(({ userRef, student }) => ({ userRef, values: [student.email] }));
    return this.lookups.put(manager, EMAIL, entries);
  }

  /** Never one who is forgotten, or restricted. */
  async findByEmail(email: string): Promise<Student[]> {
    const found: Student[] = [];
    for (const userRef of await this.lookups.find(EMAIL, email)) {
      const student = await this.students.find(userRef);
      if (student !== null && student !== 'restricted') found.push(student);
    }
    return found;
  }
}
