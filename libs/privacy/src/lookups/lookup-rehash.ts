import type { Keyring } from '@oubliette/keyring';
import { sleep, type Clock } from '@oubliette/runtime';
import { LookupError } from './lookup-error.js';
import { placeOf } from './lookup-cleaner.js';
import type { LookupRows, OpenedRow } from './lookup-rows.js';
import type { LookupPlace, LookupRow, LookupStore } from './lookup-store.js';

export interface RehashOptions {
  /** Rows written a second at most. Default 5,000. */
  readonly rowsPerSecond?: number;
  /** How many rows were hashed anew so far. */
  readonly onProgress?: (rehashed: number) => void;
  readonly signal?: AbortSignal;
  /**
   * Leaves the old peppers standing. For several databases on one key topic: hash anew in all of them, and leave this out in the
   * last. The next start of any ends them too. Default false.
   */
  readonly keepOld?: boolean;
  /** How long a process may not have heard of the new pepper yet, ms: the keyring's lease and what was sent in it. Default 60 s. */
  readonly graceMs?: number;
}

export interface RehashResult {
  readonly rehashed: number;
  /** Rows that were deleted because their user's time was over. */
  readonly ended: number;
  /** Rows that cannot be opened at all: an alarm; they stay and are found no more. */
  readonly refused: number;
  /** Old peppers that were ended for good. */
  readonly peppersEnded: number;
}

export interface LookupRehashParts<Tx> {
  readonly keyring: Keyring;
  readonly store: LookupStore<Tx>;
  readonly rows: LookupRows;
  readonly clock: Clock;
}

const batchRows = 500;
const defaultRowsPerSecond = 5_000;
const defaultGraceMs = 60_000;
/** Somebody rotated again meanwhile, so often at most in one call. */
const mostTurns = 5;

/**
 * Hashes all rows with the pepper in use, out of their own envelopes, then ends the peppers before it. What is to be done stands in the
 * rows alone: whoever calls it again after a crash goes on. Rows under a pepper that was lost are hashed anew just so.
 */
export class LookupRehash<Tx> {
  readonly #parts: LookupRehashParts<Tx>;

  constructor(parts: LookupRehashParts<Tx>) {
    this.#parts = parts;
  }

  /** Rejects with `LOOKUP_UNAVAILABLE` (try again), and with what keyring and store reject with. */
  async run(options: RehashOptions = {}): Promise<RehashResult> {
    const { peppers } = this.#parts.keyring;
    const tally = { rehashed: 0, ended: 0, refused: 0, peppersEnded: 0 };
    for (let turn = 0; turn < mostTurns; turn++) {
      await peppers.catchUp();
      const inUse = await peppers.ensure();
      await this.#pass(inUse, options, tally);
      const older = [...peppers.ids(), ...peppers.unreadable()].filter((id) => id !== inUse);
      if (options.keepOld === true || older.length === 0) return tally;
      // A process that has not heard of it hashes with the old one until then.
      await sleep(this.#parts.clock, options.graceMs ?? defaultGraceMs, options.signal);
      await peppers.catchUp();
      if (peppers.ids()[0] !== inUse) continue;
      await this.#pass(inUse, options, tally);
      await peppers.end(older);
      return { ...tally, peppersEnded: older.length };
    }
    throw new LookupError(
      'LOOKUP_UNAVAILABLE',
      'The pepper was rotated again and again while rows were hashed anew: try again when that is over.',
    );
  }

  async #pass(inUse: string, options: RehashOptions, tally: Tally): Promise<void> {
    const { store, keyring, clock } = this.#parts;
    let after: LookupPlace | undefined;
    for (;;) {
      options.signal?.throwIfAborted();
      const began = clock.monotonic();
      const page = await store.page({
        limit: batchRows,
        exceptPepper: inUse,
        ...(after === undefined ? {} : { after }),
      });
      const last = page.at(-1);
      if (last === undefined) return;
      await keyring.catchUp(new Set(page.map(({ userRef }) => userRef)));
      await this.#batch(inUse, page, tally);
      options.onProgress?.(tally.rehashed);
      if (page.length < batchRows) return;
      after = placeOf(last);
      const wanted = (page.length / (options.rowsPerSecond ?? defaultRowsPerSecond)) * 1000;
      const pause = Math.ceil(wanted - (clock.monotonic() - began));
      if (pause > 0) await sleep(clock, pause, options.signal);
    }
  }

  async #batch(inUse: string, page: readonly LookupRow[], tally: Tally): Promise<void> {
    const { store, rows } = this.#parts;
    const keyOf = ({ index, hash, userRef }: LookupRow): string => `${index} ${hash} ${userRef}`;
    const wanted = new Set(page.map(keyOf));
    const users = [...new Set(page.map(({ userRef }) => userRef))];
    const counts = await store.transaction(async (tx) => {
      await store.lockUsers(tx, users);
      // As they stand now: the application may have replaced some since.
      const standing = (await store.ofUsers(tx, users)).filter((row) => wanted.has(keyOf(row)));
      const gone: LookupRow[] = [];
      const fresh: LookupRow[] = [];
      const refused: LookupRow[] = [];
      for (const row of standing) {
        const opened = await this.#open(row);
        if (opened.state === 'unavailable') throw unavailable(opened.reason);
        if (opened.state === 'restricted') throw unavailable('restricted');
        gone.push(row);
        if (opened.state === 'living') fresh.push(rows.rehashed(row, inUse, opened.value));
        // Found by nobody until its key is restored and the pepper rotated again; it must not hold up the others.
        if (opened.state === 'refused') refused.push({ ...row, pepperId: inUse });
      }
      await store.remove(tx, gone);
      await store.put(tx, [...fresh, ...refused]);
      const ended = gone.length - fresh.length - refused.length;
      return { rehashed: fresh.length, ended, refused: refused.length };
    });
    tally.rehashed += counts.rehashed;
    tally.ended += counts.ended;
    tally.refused += counts.refused;
  }

  /**
   * A restricted user's row is hashed anew like any other: that keeps what is stored, shows the value to nobody, and left out it would
   * hold up the end of the old pepper (Art. 18(2) GDPR allows storing).
   */
  async #open(row: LookupRow): Promise<OpenedRow> {
    const { rows, keyring } = this.#parts;
    const opened = rows.open(row, true);
    if (opened.state !== 'restricted') return opened;
    return keyring.withPermit(row.userRef, () => Promise.resolve(rows.open(row, true)));
  }
}

type Tally = { -readonly [Name in keyof RehashResult]: RehashResult[Name] };

function unavailable(reason: string): LookupError {
  return new LookupError(
    'LOOKUP_UNAVAILABLE',
    `Rows of a look-up cannot be opened now (${reason}): nothing of this batch was written, call it again.`,
  );
}
