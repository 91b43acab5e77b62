import { Inject, Injectable } from '@nestjs/common';
import { AggregateRepository, streamIdOf } from '@oubliette/event-sourcing';
import type { UserRef } from '@oubliette/keyring';
import { OUBLIETTE_ENGINE, ProblemError, randomEventId, type OublietteEngine } from '@oubliette/nest';
import { TypeOrmEventStore } from '@oubliette/persistence';
import { isErased, isRestricted } from '@oubliette/serde';
import { OnceStreams } from '../enrolments/once-streams.js';
import { StudentRows, type Student } from '../read-models/student-rows.js';
import {
  register,
  registration,
  studentAggregate,
  type StudentProfile,
  type StudentRegistered,
} from './student.js';

/** Registers students and finds them. */
@Injectable()
export class StudentsService {
  readonly #repository: AggregateRepository<
    { readonly registered: StudentRegistered | null },
    ReturnType<typeof registration>
  >;
  readonly #streams: OnceStreams<
    { readonly registered: StudentRegistered | null },
    ReturnType<typeof registration>
  >;

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly rows: StudentRows,
    store: TypeOrmEventStore,
  ) {
    const { codec, entropy } = engine;
    this.#repository = new AggregateRepository(studentAggregate, {
      store,
      codec,
      newEventId: () => randomEventId(entropy),
    });
    this.#streams = new OnceStreams(store, this.#repository);
  }

  /** Resolves to the id. Problems: 409 registered already, 410 forgotten. */
  async register(id: string | null, profile: StudentProfile): Promise<string> {
    const studentId = id ?? randomEventId(this.engine.entropy);
    const streamId = streamOf(this.#livingRef(studentId));
    await this.#repository.execute(streamId, (state) => register(state, studentId, profile));
    return studentId;
  }

  /** Registers those who are not, in one transaction; forgotten ones are left out. Gives the refs of the new ones. */
  async registerAll(
    students: readonly { readonly id: string; readonly profile: StudentProfile }[],
  ): Promise<Set<string>> {
    const first = new Map<string, ReturnType<typeof registration>>();
    const refs = new Map<string, string>();
    for (const { id, profile } of students) {
      const userRef = this.engine.keyring.userRef(id);
      const streamId = streamOf(userRef);
      if (this.engine.keyring.state(userRef) === 'forgotten' || first.has(streamId)) continue;
      first.set(streamId, registration(id, profile));
      refs.set(streamId, userRef);
    }
    const begun = await this.#streams.begin(first);
    return new Set([...begun].map((streamId) => refs.get(streamId)!));
  }

  /** Those of the pseudonyms that nobody registered. */
  async unregistered(userRefs: ReadonlySet<UserRef>): Promise<Set<UserRef>> {
    const missing = await this.#streams.missing([...userRefs].map(streamOf));
    return new Set([...userRefs].filter((userRef) => missing.has(streamOf(userRef))));
  }

  /**
   * Problems: 404 unknown, 410 forgotten, 451 restricted. The event store answers while the read model has not seen the student yet.
   */
  async find(id: string): Promise<Student> {
    const userRef = this.#livingRef(id);
    const student = (await this.rows.find(userRef)) ?? (await this.registered(userRef));
    if (student === 'forgotten') throw forgottenStudent();
    if (student === 'restricted') throw restrictedStudent();
    return student;
  }

  /** A student by the event store. Problem: 404 unknown. */
  async registered(userRef: UserRef): Promise<Student | 'forgotten' | 'restricted'> {
    const { registered } = (await this.#repository.load(streamOf(userRef))).state;
    if (registered === null) throw unknownStudent();
    const { userId, ...profile } = registered;
    const student = { id: userId, ...profile };
    const fields = Object.values(student);
    if (fields.some(isErased)) return 'forgotten';
    return fields.some(isRestricted) ? 'restricted' : (student as Student);
  }

  /** As `refOf`, where something is to be shown that stands by pseudonym. Problems: also 451 restricted. */
  async readableRef(id: string): Promise<UserRef> {
    const userRef = await this.refOf(id);
    if (this.engine.keyring.restriction(userRef) !== null) throw restrictedStudent();
    return userRef;
  }

  /** The pseudonym of a registered student who is not forgotten. Problems: 404, 410. */
  async refOf(id: string): Promise<UserRef> {
    const userRef = this.#livingRef(id);
    if ((await this.unregistered(new Set([userRef]))).size > 0) throw unknownStudent();
    return userRef;
  }

  #livingRef(id: string): UserRef {
    const userRef = this.engine.keyring.userRef(id);
    if (this.engine.keyring.state(userRef) === 'forgotten') throw forgottenStudent();
    return userRef;
  }
}

function streamOf(userRef: UserRef): string {
  return streamIdOf(studentAggregate, userRef);
}

function unknownStudent(): ProblemError {
  return new ProblemError(404, 'USER_UNKNOWN', 'There is no student with this id.', 'id');
}

function forgottenStudent(): ProblemError {
  return new ProblemError(410, 'USER_FORGOTTEN', 'This student was forgotten.', 'id');
}

/**
 * 451 and not 423: the law is what stands in the way, at somebody's demand, and the body says so (RFC 7725, section 3); 423 (RFC 4918) is of a
 * lock that the asker may hold or await.
 */
function restrictedStudent(): ProblemError {
  return new ProblemError(
    451,
    'USER_RESTRICTED',
    'The processing of this student’s data is restricted (Art. 18 GDPR): it is kept, and not shown until that is lifted.',
    'id',
  );
}
