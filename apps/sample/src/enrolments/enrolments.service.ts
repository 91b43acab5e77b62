import { Inject, Injectable } from '@nestjs/common';
import { AggregateRepository, streamIdOf } from '@oubliette/event-sourcing';
import type { UserRef } from '@oubliette/keyring';
import { OUBLIETTE_ENGINE, randomEventId, type OublietteEngine } from '@oubliette/nest';
import { TypeOrmEventStore } from '@oubliette/persistence';
import { courseAggregate, enrolling, enrolmentAggregate, opening } from './enrolment.js';
import { OnceStreams } from './once-streams.js';

export interface Attendance {
  readonly userId: string;
  readonly userRef: UserRef;
  readonly course: string;
}

type State = { readonly happened: boolean };

/** Opens courses and enrols students, each once. */
@Injectable()
export class EnrolmentsService {
  readonly #courses: OnceStreams<State, ReturnType<typeof opening>>;
  readonly #enrolments: OnceStreams<State, ReturnType<typeof enrolling>>;

  constructor(@Inject(OUBLIETTE_ENGINE) { codec, entropy }: OublietteEngine, store: TypeOrmEventStore) {
    const dependencies = { store, codec, newEventId: () => randomEventId(entropy) };
    this.#courses = new OnceStreams(store, new AggregateRepository(courseAggregate, dependencies));
    this.#enrolments = new OnceStreams(store, new AggregateRepository(enrolmentAggregate, dependencies));
  }

  /** Rejects with `USER_FORGOTTEN` when a student who is to be enrolled was forgotten. */
  async ensure(attendances: readonly Attendance[]): Promise<void> {
    const courses = new Map<string, ReturnType<typeof opening>>();
    const enrolments = new Map<string, ReturnType<typeof enrolling>>();
    for (const { userId, userRef, course } of attendances) {
      courses.set(streamIdOf(courseAggregate, course), opening(course));
      enrolments.set(streamIdOf(enrolmentAggregate, userRef, course), enrolling(userId, course));
    }
    await this.#courses.begin(courses);
    await this.#enrolments.begin(enrolments);
  }
}
