import type { Keyring, UserRef } from '@oubliette/keyring';
import type { Clock, Timer } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { LookupRows } from './lookup-rows.js';
import type { LookupPlace, LookupRow, LookupStore } from './lookup-store.js';

export interface LookupCleanerParts<Tx> {
  readonly keyring: Keyring;
  readonly store: LookupStore<Tx>;
  readonly rows: LookupRows;
  readonly clock: Clock;
  readonly logger: Logger;
}

const pageRows = 1_000;
const usersAtOnce = 200;
/** Users that wait at most; beyond them the whole store is gone through instead. */
const mostWaiting = 10_000;
const longestRetryMs = 60_000;

/**
 * Deletes the rows of whoever is forgotten, and those of a purpose that is withdrawn: on each fence that is read, and once at the
 * start for those that came while nobody was here. What fails is tried again with growing pauses.
 */
export class LookupCleaner<Tx> {
  readonly #parts: LookupCleanerParts<Tx>;
  #waiting = new Set<UserRef>();
  #sweep: { after?: LookupPlace } | null = null;
  #working: Promise<void> | null = null;
  #retry: Timer | null = null;
  #retries = 0;
  #unsubscribe: (() => void) | null = null;
  #closed = false;

  constructor(parts: LookupCleanerParts<Tx>) {
    this.#parts = parts;
  }

  /** Listens from now on, and goes through what stands already in the background. */
  start(): void {
    this.#unsubscribe ??= this.#parts.keyring.onForgotten(({ userRef }) => this.#take(userRef));
    this.#sweep = {};
    this.#wake();
  }

  /** Resolves when nothing is left to do but what waits to be tried again. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe?.();
    this.#retry?.cancel();
    await this.settled();
  }

  #take(userRef: UserRef): void {
    if (this.#waiting.size < mostWaiting) this.#waiting.add(userRef);
    else {
      // From the start again: its place may be behind the user's rows.
      this.#waiting.clear();
      this.#sweep = {};
    }
    this.#wake();
  }

  #wake(): void {
    if (this.#closed || this.#retry !== null) return;
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    try {
      while (!this.#closed && (this.#waiting.size > 0 || this.#sweep !== null)) {
        if (this.#waiting.size > 0) await this.#cleanWaiting();
        else await this.#sweepPage();
      }
      this.#retries = 0;
    } catch (error) {
      this.#tryAgainLater(error);
    }
  }

  async #cleanWaiting(): Promise<void> {
    const users = [...this.#waiting].slice(0, usersAtOnce);
    await this.#clean(users);
    for (const userRef of users) this.#waiting.delete(userRef);
  }

  async #sweepPage(): Promise<void> {
    const sweep = this.#sweep;
    if (sweep === null) return;
    const page = await this.#parts.store.page({ limit: pageRows, ...sweep });
    const ended = new Set(page.filter((row) => this.#isEnded(row)).map(({ userRef }) => userRef));
    const users = [...ended];
    for (let from = 0; from < users.length; from += usersAtOnce)
      await this.#clean(users.slice(from, from + usersAtOnce));
    // Somebody may have asked for another one from the start meanwhile.
    if (this.#sweep !== sweep) return;
    const last = page.at(-1);
    this.#sweep = last === undefined || page.length < pageRows ? null : { after: placeOf(last) };
  }

  /** Whoever is about to write such a row ends first, and its row is then seen here. */
  async #clean(users: readonly UserRef[]): Promise<void> {
    const { store } = this.#parts;
    await store.transaction(async (tx) => {
      await store.lockUsers(tx, users);
      const rows = await store.ofUsers(tx, users);
      await store.remove(
        tx,
        rows.filter((row) => this.#isEnded(row)),
      );
    });
  }

  #isEnded(row: LookupRow): boolean {
    return this.#parts.rows.open(row).state === 'ended';
  }

  #tryAgainLater(error: unknown): void {
    this.#parts.logger.warn('Rows of look-ups could not be deleted yet; it is tried again.', {
      error: codeOf(error),
    });
    if (this.#closed) return;
    const pauseMs = Math.min(longestRetryMs, 500 * 2 ** Math.min(this.#retries++, 10));
    this.#retry = this.#parts.clock.schedule(pauseMs, () => {
      this.#retry = null;
      this.#wake();
    });
  }
}

export function placeOf({ pepperId, index, hash, userRef }: LookupRow): LookupPlace {
  return { pepperId, index, hash, userRef };
}
