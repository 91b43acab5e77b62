import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { EncryptedTopic, OublietteBatchContext } from '@oubliette/nest';
import { insertRows, TypeOrmProjectionStore } from '@oubliette/persistence';
import { ENROLMENTS_TOPIC, StudentEnrolled } from '../enrolments/enrolment.js';
import { courseOf } from '../http/body-fields.js';
import { delivered } from './delivered.js';
import { refuseMalformed } from './refuse-malformed.js';

/** Builds the read model of who is enrolled where, by pseudonym. */
@Controller()
export class EnrolmentProjection {
  constructor(private readonly projections: TypeOrmProjectionStore) {}

  @EncryptedTopic(ENROLMENTS_TOPIC, { events: StudentEnrolled, batch: true, maxBatch: 1000 })
  async onEnrolled(
    @Payload() events: StudentEnrolled[],
    @Ctx() context: OublietteBatchContext,
  ): Promise<void> {
    refuseMalformed(events, courseOf);
    const { topic, partition } = context;
    await this.projections.apply(
      { projection: 'enrolments', topic, partition },
      delivered(events, context),
      async (manager, fresh) => {
        const rows = fresh.map(({ event, userRef }) => [event.course, userRef]);
        const suffix = 'ON CONFLICT (course, user_ref) DO NOTHING';
        await insertRows(manager, 'sample_enrolments', ['course', 'user_ref'], rows, suffix);
      },
    );
  }
}
