import { Inject, Injectable } from '@nestjs/common';
import type { UserRef } from '@oubliette/keyring';
import { EventPublisher, OUBLIETTE_ENGINE, randomEventId, type OublietteEngine } from '@oubliette/nest';
import { EnrolmentsService } from '../enrolments/enrolments.service.js';
import { StudentsService } from '../students/students.service.js';
import { LessonViewed, type LessonView } from './lesson-viewed.js';

/** A view by a student who is registered and not forgotten. */
export interface StudentView {
  readonly userId: string;
  readonly userRef: UserRef;
  readonly eventId: string;
  readonly view: LessonView;
}

/** Publishes lesson views; the first one of a student in a course enrols. */
@Injectable()
export class LessonsService {
  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly students: StudentsService,
    private readonly enrolments: EnrolmentsService,
    private readonly publisher: EventPublisher,
  ) {}

  /** Resolves to the event's id once it is durable. Problems: 404 unknown, 410 forgotten student. */
  async view(userId: string, view: LessonView): Promise<string> {
    const userRef = await this.students.refOf(userId);
    const eventId = randomEventId(this.engine.entropy);
    await this.publish([{ userId, userRef, eventId, view }]);
    return eventId;
  }

  /** Resolves when all are durable. Rejects with `USER_FORGOTTEN` when one of the students was forgotten meanwhile. */
  async publish(views: readonly StudentView[]): Promise<void> {
    await this.enrolments.ensure(
      views.map(({ userId, userRef, view }) => ({ userId, userRef, course: view.course })),
    );
    await this.publisher.publish(
      views.map(({ userId, view }) => LessonViewed.of(userId, view)),
      { eventId: (_, index) => views[index]!.eventId },
    );
  }
}
