import { EncryptedEvent, UserId } from '@oubliette/nest';
import type { Erasable } from '@oubliette/serde';

export const LESSON_VIEWS_TOPIC = 'com.udacity.lesson.views';

/** What a student viewed. `day` counts from the start of the course; `clicks` is how often. */
export interface LessonView {
  readonly course: string;
  readonly site: string | number;
  readonly day: number;
  readonly clicks: number;
}

@EncryptedEvent({ stream: LESSON_VIEWS_TOPIC, type: 'LessonViewed' })
export class LessonViewed {
  @UserId() readonly userId!: Erasable<string>;
  readonly course!: string;
  readonly site!: string | number;
  readonly day!: number;
  readonly clicks!: number;

  static of(userId: string, { course, site, day, clicks }: LessonView): LessonViewed {
    return Object.assign(new LessonViewed(), { userId, course, site, day, clicks });
  }
}
