import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { EncryptedTopic, OublietteBatchContext } from '@oubliette/nest';
import { TypeOrmProjectionStore } from '@oubliette/persistence';
import { lessonViewOf } from '../http/body-fields.js';
import { LESSON_VIEWS_TOPIC, LessonViewed } from '../lessons/lesson-viewed.js';
import { delivered } from './delivered.js';
import { LessonViewRows } from './lesson-view-rows.js';
import { refuseMalformed } from './refuse-malformed.js';

/** Builds the lesson views and the engagement per course. A forgotten student's views count like any other's. */
@Controller()
export class LessonViewProjection {
  constructor(
    private readonly projections: TypeOrmProjectionStore,
    private readonly rows: LessonViewRows,
  ) {}

  @EncryptedTopic(LESSON_VIEWS_TOPIC, { events: LessonViewed, batch: true, maxBatch: 1000 })
  async onViewed(@Payload() events: LessonViewed[], @Ctx() context: OublietteBatchContext): Promise<void> {
    refuseMalformed(events, lessonViewOf);
    const { topic, partition } = context;
    await this.projections.apply(
      { projection: 'lesson-views', topic, partition },
      delivered(events, context),
      (manager, fresh) =>
        this.rows.write(
          manager,
          fresh.flatMap(({ event: { course, site, day, clicks }, eventId, userRef }) =>
            userRef === null ? [] : [{ eventId, userRef, course, site, day, clicks }],
          ),
        ),
    );
  }
}
