import { KeyringError } from './errors.js';
import { MAX_READ_OFFSETS } from './key-log.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { UserRef } from './keyring.js';
import { isAtHand, type UserKey } from './user-key.js';
import { partitionOfUser } from './user-ref.js';
import type { KeyPlace, UserTable } from './user-table.js';

/** A key that is wrapped anew while it is looked for stands elsewhere then, and one that others' keys push out is looked for again. */
const ROUNDS = 4;

/**
 * Brings keys back into memory whose bytes had to make room, by reading their records again. When `load` resolves, all that were asked
 * for are in memory, and each stays until as many others as fit there were used since: at most half of what fits may be asked for
 * at once, so that what runs right after finds every key.
 */
export class KeyLoader {
  readonly #table: UserTable;
  readonly #log: KeyLogWriter;

  constructor(table: UserTable, log: KeyLogWriter) {
    this.#table = table;
    this.#log = log;
  }

  /**
   * Loads the keys of these users, or those of them that are wanted. What cannot be read is an alarm and stays absent. Rejects with
   * `KEY_LIMIT` when more are asked for than may be, `KEYRING_UNAVAILABLE` (retriable) when the log cannot be reached.
   */
  async load(userRefs: Iterable<UserRef>, isWanted: (key: UserKey) => boolean = () => true): Promise<void> {
    const users = new Set(userRefs);
    for (let round = 0; round < ROUNDS; round++) {
      const places = this.#absent(users, isWanted);
      if (places.size === 0) return;
      await Promise.all([...places].map(([partition, list]) => this.#loadFrom(partition, list)));
    }
  }

  /**
   * The users in parts of at most `most`, each with its keys in memory when it is given: as `load`, for more than may be asked for at once.
   * What is done with a part is to be done before anything is waited for.
   */
  async *inParts(
    userRefs: readonly UserRef[],
    most: number,
    isWanted: (key: UserKey) => boolean = () => true,
  ): AsyncIterable<readonly UserRef[]> {
    for (let from = 0; from < userRefs.length;) {
      let to = from;
      for (let keys = 0; to < userRefs.length && to - from < most; to++) {
        keys += this.#table.get(userRefs[to] ?? '')?.keys.filter(isWanted).length ?? 0;
        if (keys > this.#table.mostAtOnce && to > from) break;
      }
      const part = userRefs.slice(from, to);
      from = to;
      await this.load(part, isWanted);
      yield part;
    }
  }

  #absent(
    users: ReadonlySet<UserRef>,
    isWanted: (key: UserKey) => boolean,
  ): ReadonlyMap<number, readonly KeyPlace[]> {
    const places = new Map<number, KeyPlace[]>();
    const most = this.#table.mostAtOnce;
    let wanted = 0;
    for (const userRef of users) {
      // A user with more keys than may be asked for has some of them at a time.
      const keys = (this.#table.get(userRef)?.keys ?? []).filter(isWanted).slice(0, most);
      wanted += keys.length;
      const absent = keys
        .filter((key) => !isAtHand(key))
        .map(({ kid, offset }) => ({ userRef, kid, offset }));
      if (absent.length === 0) continue;
      const partition = partitionOfUser(userRef, this.#log.partitionCount);
      const list = places.get(partition);
      if (list) list.push(...absent);
      else places.set(partition, absent);
    }
    if (places.size > 0 && wanted > most) throw tooMany(users.size, most);
    return places;
  }

  async #loadFrom(partition: number, places: readonly KeyPlace[]): Promise<void> {
    const missed: KeyPlace[] = [];
    for (let from = 0; from < places.length; from += MAX_READ_OFFSETS) {
      const asked = places.slice(from, from + MAX_READ_OFFSETS);
      const records = await this.#log.read(
        partition,
        asked.map(({ offset }) => BigInt(offset)),
      );
      for (const [index, place] of asked.entries()) {
        const record = records[index];
        if (record) this.#table.restoreKey(place, record);
        else missed.push(place);
      }
    }
    if (missed.length === 0) return;
    // Another record may have taken its place in a compaction: what was not read yet may say so.
    await this.#log.catchUp(partition);
    for (const place of missed) this.#table.missKey(place);
  }
}

function tooMany(users: number, most: number): KeyringError {
  return new KeyringError(
    'KEY_LIMIT',
    `The keys of ${users} users were asked for at once, and there is room for those of ${most}: ask for fewer, or raise keysInMemory.`,
  );
}
