import type { AggregateType, DomainEvent } from '@oubliette/event-sourcing';
import { EncryptedEvent, eventInfoOf, Personal, ProblemError, UserId } from '@oubliette/nest';
import type { Erasable } from '@oubliette/serde';

export const STUDENTS_TOPIC = 'com.udacity.students';

/** What is known about a student; null where nothing was given. */
export interface StudentProfile {
  readonly name: string;
  readonly email: string;
  readonly gender: string | null;
  readonly region: string | null;
  readonly imdBand: string | null;
  readonly ageBand: string | null;
  readonly disability: string | null;
}

export const profileFields = [
  'name',
  'email',
  'gender',
  'region',
  'imdBand',
  'ageBand',
  'disability',
] as const;

@EncryptedEvent({ stream: STUDENTS_TOPIC, type: 'StudentRegistered' })
export class StudentRegistered {
  @UserId() readonly userId!: Erasable<string>;
  @Personal() readonly name!: Erasable<string>;
  @Personal() readonly email!: Erasable<string>;
  @Personal() readonly gender!: Erasable<string> | null;
  @Personal() readonly region!: Erasable<string> | null;
  @Personal() readonly imdBand!: Erasable<string> | null;
  @Personal() readonly ageBand!: Erasable<string> | null;
  @Personal() readonly disability!: Erasable<string> | null;
}

type Registered = DomainEvent<'StudentRegistered', StudentRegistered>;

export interface StudentState {
  readonly registered: StudentRegistered | null;
}

export const studentAggregate: AggregateType<StudentState, Registered> = {
  name: 'student',
  specs: { StudentRegistered: eventInfoOf(StudentRegistered).spec },
  initial: { registered: null },
  evolve: (_, event) => ({ registered: event.data }),
  topic: STUDENTS_TOPIC,
};

/** Registers a student once. Throws a 409 problem the second time. */
export function register(state: StudentState, id: string, profile: StudentProfile): Registered[] {
  if (state.registered !== null)
    throw new ProblemError(409, 'STUDENT_EXISTS', 'A student with this id is registered already.', 'id');
  return [registration(id, profile)];
}

export function registration(id: string, profile: StudentProfile): Registered {
  return { type: 'StudentRegistered', data: { userId: id, ...profile } };
}
