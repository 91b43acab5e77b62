import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { EncryptedTopic, OublietteBatchContext } from '@oubliette/nest';
import { TypeOrmProjectionStore } from '@oubliette/persistence';
import { isErased } from '@oubliette/serde';
import { StudentRegistered, STUDENTS_TOPIC } from '../students/student.js';
import { delivered } from './delivered.js';
import { StudentLookups } from './student-lookups.js';
import { StudentRows, type Student } from './student-rows.js';

/** Builds the read model of students, and what they are found by, out of their topic. */
@Controller()
export class StudentProjection {
  constructor(
    private readonly projections: TypeOrmProjectionStore,
    private readonly rows: StudentRows,
    private readonly lookups: StudentLookups,
  ) {}

  @EncryptedTopic(STUDENTS_TOPIC, { events: StudentRegistered, batch: true, maxBatch: 500 })
  async onRegistered(
    @Payload() events: StudentRegistered[],
    @Ctx() context: OublietteBatchContext,
  ): Promise<void> {
    const { topic, partition } = context;
    const records = delivered(events, context);
    await this.lookups.prepare(records.flatMap(({ userRef }) => userRef ?? []));
    await this.projections.apply(
      { projection: 'students', topic, partition },
      records,
      async (manager, fresh) => {
        const students = fresh.flatMap(({ event, userRef, timestamp }) => {
          if (userRef === null) return [];
          const student = studentOf(event);
          return student === null ? [] : [{ userRef, registeredAt: timestamp, student }];
        });
        await this.rows.write(manager, students);
        await this.lookups.write(manager, students);
      },
    );
  }
}

/** null for a forgotten student: there is nothing left to show. */
function studentOf({ userId, ...profile }: StudentRegistered): Student | null {
  const student = { id: userId, ...profile };
  return Object.values(student).some(isErased) ? null : (student as Student);
}
