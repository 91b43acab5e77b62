import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { EncryptedTopic, OublietteBatchContext } from '@oubliette/nest';
import { TypeOrmProjectionStore } from '@oubliette/persistence';
import { isErased, isRestricted } from '@oubliette/serde';
import { StudentRegistered, STUDENTS_TOPIC } from '../students/student.js';
import { delivered } from './delivered.js';
import { StudentLookups } from './student-lookups.js';
import { StudentRows, type Student } from './student-rows.js';
import { WaitingStudents } from './waiting-students.js';

/** Builds the read model of students, and what they are found by, out of their topic. */
@Controller()
export class StudentProjection {
  constructor(
    private readonly projections: TypeOrmProjectionStore,
    private readonly rows: StudentRows,
    private readonly lookups: StudentLookups,
    private readonly waiting: WaitingStudents,
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
          return student === null || student === 'restricted'
            ? []
            : [{ userRef, registeredAt: timestamp, student }];
        });
        await this.rows.write(manager, students);
        await this.lookups.write(manager, students);
        const waiting = fresh.flatMap(({ event, userRef, timestamp }) =>
          userRef !== null && studentOf(event) === 'restricted' ? [{ userRef, registeredAt: timestamp }] : [],
        );
        await this.waiting.note(manager, waiting);
      },
    );
    if (context.events.some(({ restricted }) => restricted)) this.waiting.look();
  }
}

/** null for a forgotten student: there is nothing left to show. */
function studentOf({ userId, ...profile }: StudentRegistered): Student | 'restricted' | null {
  const student = { id: userId, ...profile };
  const fields = Object.values(student);
  if (fields.some(isErased)) return null;
  return fields.some(isRestricted) ? 'restricted' : (student as Student);
}
