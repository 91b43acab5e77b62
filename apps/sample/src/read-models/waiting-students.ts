import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { UserRef } from '@oubliette/keyring';
import { OUBLIETTE_ENGINE, PrivacyService, type OublietteEngine } from '@oubliette/nest';
import { Database, execute, insertRows } from '@oubliette/persistence';
import type { EntityManager } from 'typeorm';
import { StudentsService } from '../students/students.service.js';
import { StudentLookups } from './student-lookups.js';
import { StudentRows } from './student-rows.js';

/** A student who is to be in the read model and is not. */
export interface WaitingStudent {
  readonly userRef: UserRef;
  readonly registeredAt: number;
}

const pageSize = 500;

/**
 * Brings restricted students into the read model once that is lifted: the event that told of them is not given again, so they are noted in
 * the transaction that passed it by, and read from the event store later. Looked through at every lifting and at every start, so that
 * nobody is left out for having been lifted while nobody was here.
 */
@Injectable()
export class WaitingStudents implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger(WaitingStudents.name);
  #working: Promise<void> = Promise.resolve();
  /** So that a hundred liftings at once are one look, or two. */
  #isAsked = false;
  #unsubscribe: (() => void) | null = null;

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly privacy: PrivacyService,
    private readonly database: Database,
    private readonly students: StudentsService,
    private readonly rows: StudentRows,
    private readonly lookups: StudentLookups,
  ) {}

  onApplicationBootstrap(): void {
    this.#unsubscribe = this.privacy.onRestrictionLifted(() => this.look());
    this.look();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#unsubscribe?.();
    await this.#working;
  }

  async note(manager: EntityManager, students: readonly WaitingStudent[]): Promise<void> {
    await insertRows(
      manager,
      'sample_waiting_students',
      ['user_ref', 'registered_at'],
      students.map(({ userRef, registeredAt }) => [userRef, registeredAt]),
      'ON CONFLICT (user_ref) DO NOTHING',
    );
  }

  /** Also after `note`: it may have been lifted since the event was read. */
  look(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#working = this.#working.then(() => {
      this.#isAsked = false;
      return this.#catchUp();
    });
  }

  /** Never rejects: what fails is done at the next lifting or start. */
  async #catchUp(): Promise<void> {
    try {
      for (let after = '', page = pageSize; page === pageSize;) {
        const { rows } = await this.database.execute(
          `SELECT user_ref, registered_at FROM sample_waiting_students WHERE user_ref > ?
           ORDER BY user_ref LIMIT ${pageSize}`,
          [after],
        );
        page = rows.length;
        after = String(rows.at(-1)?.['user_ref'] ?? '');
        for (const row of rows)
          await this.#bringIn({
            userRef: String(row['user_ref']) as UserRef,
            registeredAt: Number(row['registered_at']),
          });
      }
    } catch {
      this.#logger.warn('Students who are no longer restricted are not all in the read model yet.');
    }
  }

  async #bringIn(waiting: WaitingStudent): Promise<void> {
    const { userRef } = waiting;
    const student = await this.students.registered(userRef);
    if (student === 'restricted') return;
    if (student !== 'forgotten') await this.lookups.prepare([userRef]);
    await this.database.transaction(async (manager) => {
      if (student !== 'forgotten') {
        await this.rows.write(manager, [{ ...waiting, student }]);
        if (this.engine.keyring.state(userRef) === 'active')
          await this.lookups.write(manager, [{ userRef, student }]);
      }
      await execute(manager, 'DELETE FROM sample_waiting_students WHERE user_ref = ?', [userRef]);
    });
  }
}
