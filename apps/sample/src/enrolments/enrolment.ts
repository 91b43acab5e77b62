import type { AggregateType, DomainEvent } from '@oubliette/event-sourcing';
import { EncryptedEvent, eventInfoOf, UserId } from '@oubliette/nest';
import type { Erasable } from '@oubliette/serde';

export const ENROLMENTS_TOPIC = 'com.udacity.enrolments';

/** A course was viewed for the first time by anybody. */
@EncryptedEvent({ stream: ENROLMENTS_TOPIC, type: 'CourseOpened' })
export class CourseOpened {
  readonly course!: string;
}

/** A student viewed a lesson of a course for the first time. */
@EncryptedEvent({ stream: ENROLMENTS_TOPIC, type: 'StudentEnrolled' })
export class StudentEnrolled {
  @UserId() readonly userId!: Erasable<string>;
  readonly course!: string;
}

type Opened = DomainEvent<'CourseOpened', CourseOpened>;
type Enrolled = DomainEvent<'StudentEnrolled', StudentEnrolled>;

interface OnceState {
  readonly happened: boolean;
}

export const courseAggregate: AggregateType<OnceState, Opened> = {
  name: 'course',
  specs: { CourseOpened: eventInfoOf(CourseOpened).spec },
  initial: { happened: false },
  evolve: () => ({ happened: true }),
  topic: ENROLMENTS_TOPIC,
};

export const enrolmentAggregate: AggregateType<OnceState, Enrolled> = {
  name: 'enrolment',
  specs: { StudentEnrolled: eventInfoOf(StudentEnrolled).spec },
  initial: { happened: false },
  evolve: () => ({ happened: true }),
  topic: ENROLMENTS_TOPIC,
};

export const opening = (course: string): Opened => ({ type: 'CourseOpened', data: { course } });
export const enrolling = (userId: string, course: string): Enrolled => ({
  type: 'StudentEnrolled',
  data: { userId, course },
});
