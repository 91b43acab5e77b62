import { KeyringError, type Keyring, type UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import { silentLogger, type Logger } from '../logger.js';
import { LookupCleaner } from './lookup-cleaner.js';
import { LookupError } from './lookup-error.js';
import type { LookupIndex } from './lookup-index.js';
import { LookupRehash, type RehashOptions, type RehashResult } from './lookup-rehash.js';
import { LookupRows } from './lookup-rows.js';
import type { LookupRow, LookupStore } from './lookup-store.js';

export interface UserLookupsOptions<Tx> {
  readonly keyring: Keyring;
  readonly store: LookupStore<Tx>;
  readonly indexes: readonly LookupIndex[];
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Told when a row was refused: it was changed or moved by somebody. */
  readonly onAlarm?: (code: 'LOOKUP_ROW_REFUSED') => void;
}

export interface LookupEntry {
  readonly userRef: UserRef;
  /** All values of this user in the look-up; none takes the user out of it. */
  readonly values: readonly string[];
}

const defaultLimit = 100;
const mostAttempts = 5;

/**
 * Finds users by the equality of a value (an e-mail address, say) without the value standing anywhere in clear: rows hold a keyed hash
 * under a pepper that can be rotated, the pseudonym, and the value under the user's key. What it shows whoever reads the rows: which
 * rows of one look-up hold equal values. Who holds the pepper as well can guess values that are few.
 */
export class UserLookups<Tx> {
  readonly #options: UserLookupsOptions<Tx>;
  readonly #rows: LookupRows;
  readonly #cleaner: LookupCleaner<Tx>;
  readonly #rehash: LookupRehash<Tx>;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  #resuming: Promise<void> | null = null;

  /** Throws `LOOKUP_INDEX_INVALID`. */
  constructor(options: UserLookupsOptions<Tx>) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#rows = new LookupRows(options.keyring, options.indexes);
    const parts = { ...options, rows: this.#rows, logger: this.#logger };
    this.#cleaner = new LookupCleaner(parts);
    this.#rehash = new LookupRehash(parts);
  }

  /**
   * Makes the first pepper, deletes rows of those who were forgotten meanwhile, and goes on with a rotation that was cut short, both in
   * the background. Rejects with `KEYRING_UNAVAILABLE`, `MASTER_KEY_UNAVAILABLE`.
   */
  async start(): Promise<void> {
    await this.#options.keyring.peppers.ensure();
    this.#cleaner.start();
    this.#resuming ??= this.#resume();
  }

  /** Resolves when what the last fences asked for is done, but for what waits to be tried again. */
  settled(): Promise<void> {
    return this.#cleaner.settled();
  }

  async close(): Promise<void> {
    this.#closing.abort(new LookupError('LOOKUPS_CLOSED', 'The look-ups were closed.'));
    await this.#cleaner.close();
    await this.#resuming;
  }

  /**
   * Before `put`, outside of its transaction: sees that there is a pepper and that users have keys; gives those of them who can be
   * put, which the forgotten and those who withdrew the purpose cannot. Rejects with `KEYRING_UNAVAILABLE`.
   */
  async prepare(name: string, userRefs: Iterable<UserRef>): Promise<ReadonlySet<UserRef>> {
    const { keyring } = this.#options;
    const { purpose } = this.#rows.index(name);
    await keyring.peppers.ensure();
    for (let attempt = 1; ; attempt++) {
      const able = new Set([...userRefs].filter((userRef) => this.#isAble(userRef, purpose)));
      try {
        await keyring.ensureKeys(able, purpose);
        return able;
      } catch (error) {
        if (!isEnded(error) || attempt >= mostAttempts) throw error;
      }
    }
  }

  /**
   * Sets users' values in the caller's transaction, in place of those that they have there. Whoever is forgotten, or withdrew the
   * purpose, is left out, also when it happens at this very moment. Throws `LOOKUP_INDEX_UNKNOWN`, `LOOKUP_VALUE_INVALID`,
   * `LOOKUP_UNAVAILABLE`, or the keyring's `KEY_MISSING`: call `prepare` first.
   */
  async put(tx: Tx, name: string, entries: readonly LookupEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const { store } = this.#options;
    const index = this.#rows.index(name);
    const users = [...new Set(entries.map(({ userRef }) => userRef))];
    await store.lockUsers(tx, users);
    // Made behind the lock: who is forgotten from here on is deleted after this transaction.
    const rows = this.#make(index, entries);
    const standing = await store.ofUsers(tx, users);
    await store.remove(
      tx,
      standing.filter((row) => row.index === name),
    );
    await store.put(tx, rows);
  }

  /**
   * The users with this value, at most `limit` of them; never one who is forgotten, or restricted. Rejects with `LOOKUP_INCOMPLETE` where rows stand
   * that were hashed with a pepper that is not at hand, `LOOKUP_UNAVAILABLE`, `KEYRING_UNAVAILABLE` (all retriable),
   * `LOOKUP_INDEX_UNKNOWN`, `LOOKUP_VALUE_INVALID`.
   */
  async find(name: string, value: string, limit = defaultLimit): Promise<UserRef[]> {
    const { keyring } = this.#options;
    const index = this.#rows.index(name);
    const wanted = this.#rows.normalised(index, value);
    if (wanted === null) return [];
    const rows = await this.#candidates(name, wanted, limit);
    if (rows.length === 0) return [];
    // A barrier: what was forgotten before the question was asked is not in the answer.
    await keyring.catchUp(new Set(rows.map(({ userRef }) => userRef)));
    const found = rows.filter((row) => this.#isValue(row, wanted)).map(({ userRef }) => userRef);
    return [...new Set(found)];
  }

  /** Puts a new pepper in use and hashes all rows anew; see `rehash`. */
  async rotatePepper(options: RehashOptions = {}): Promise<RehashResult> {
    await this.#options.keyring.peppers.rotate();
    return this.rehash(options);
  }

  /** Hashes what is under another pepper than the one in use anew, then ends the others. Again after a crash: it goes on. */
  async rehash(options: RehashOptions = {}): Promise<RehashResult> {
    const { signal } = this.#closing;
    const ends = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]);
    const result = await this.#rehash.run({ ...options, signal: ends });
    if (result.refused > 0) this.#alarm();
    return result;
  }

  #isAble(userRef: UserRef, purpose: string | undefined): boolean {
    const { keyring } = this.#options;
    if (keyring.state(userRef) === 'forgotten') return false;
    return purpose === undefined || !keyring.isWithdrawn(userRef, purpose);
  }

  #make(index: LookupIndex, entries: readonly LookupEntry[]): LookupRow[] {
    const [pepperId] = this.#options.keyring.peppers.ids();
    if (pepperId === undefined)
      throw new LookupError('LOOKUP_UNAVAILABLE', 'There is no pepper (any more): call prepare first.');
    const rows: LookupRow[] = [];
    for (const { userRef, values } of entries) {
      if (!this.#isAble(userRef, index.purpose)) continue;
      for (const value of values) {
        const bytes = this.#rows.normalised(index, value);
        if (bytes !== null) rows.push(this.#rows.make(index, pepperId, userRef, bytes));
      }
    }
    return rows;
  }

  /** Absent must not mean "under a pepper that I do not have": that is looked for after the rows, which may have been moved before. */
  async #candidates(name: string, wanted: Uint8Array, limit: number): Promise<LookupRow[]> {
    const { keyring, store } = this.#options;
    const { peppers } = keyring;
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      const ids = peppers.ids();
      const hashes = ids.map((id) => peppers.hash(id, name, wanted));
      const rows = ids.length === 0 ? [] : await store.find(name, hashes, limit);
      if (!(await store.hasOthers(ids))) return rows;
      // Another process may have rotated a moment ago.
      await peppers.catchUp();
      if (peppers.ids().join() === ids.join()) break;
    }
    throw new LookupError(
      'LOOKUP_INCOMPLETE',
      'Rows of look-ups were hashed with a pepper that is not at hand here: give this process the new master key or, where the pepper was lost, hash the rows anew (rehash).',
    );
  }

  #isValue(row: LookupRow, wanted: Uint8Array): boolean {
    const opened = this.#rows.open(row, true);
    switch (opened.state) {
      case 'ended':
      case 'restricted':
        return false;
      case 'unavailable':
        throw new LookupError(
          'LOOKUP_UNAVAILABLE',
          `A row of the look-up ${row.index} cannot be opened now (${opened.reason}): try again.`,
        );
      case 'living':
        if (Buffer.compare(opened.value, wanted) === 0) return true;
        this.#alarm(row.index, 'other-value');
        return false;
      case 'refused':
        this.#alarm(row.index, opened.reason);
        return false;
    }
  }

  #alarm(index?: string, reason?: string): void {
    this.#logger.error('Alarm: a row of a look-up is refused, it was changed or moved.', {
      ...(index === undefined ? {} : { index }),
      ...(reason === undefined ? {} : { reason }),
    });
    this.#options.onAlarm?.('LOOKUP_ROW_REFUSED');
  }

  /** Never rejects. */
  async #resume(): Promise<void> {
    const { keyring, store } = this.#options;
    try {
      const [inUse, ...old] = keyring.peppers.ids();
      if (inUse === undefined) return;
      // Where it was cut short behind the last row, an old pepper is all that is left of it.
      if (old.length === 0 && !(await store.hasOthers([inUse]))) return;
      this.#logger.info('A pepper of look-ups was rotated: rows are hashed anew, and the old one is ended.');
      await this.rehash();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#logger.warn('Rows of look-ups could not be hashed anew; the next start tries again.', {
        error: codeOf(error),
      });
    }
  }
}

function isEnded(error: unknown): boolean {
  return (
    error instanceof KeyringError && (error.code === 'USER_FORGOTTEN' || error.code === 'PURPOSE_WITHDRAWN')
  );
}
