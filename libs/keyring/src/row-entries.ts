import { wordsFromHex } from './hex-words.js';
import { KeyProfiles } from './key-profiles.js';
import { GENERAL_PURPOSE, isSameScope, type KeyScope } from './key-scope.js';
import type { KeySlab } from './key-slab.js';
import type { UserRef } from './keyring.js';
import { NAME_WORDS, USER_REF_WORDS } from './record-keys.js';
import { UserEntry, type StrayRecord } from './user-entry.js';
import { UserKey } from './user-key.js';
import {
  FORGOTTEN_WITH_KEY,
  IN_OBJECT,
  LIVING,
  MOST_OFFSET_IN_ROW,
  MOST_TIME_IN_ROW,
  UNREADABLE,
  UserRows,
} from './user-rows.js';

/** Users of one partition: in rows, and as objects where a row has no room for what is known of them. */
export interface UsersOfPartition {
  readonly rows: UserRows;
  /** By row. */
  readonly objects: Map<number, UserEntry>;
  /** Of a living key in a row that was wrapped anew under an epoch that is not at hand: where that record stands, by row. */
  readonly rewrapped: Map<number, number>;
}

export function nobody(): UsersOfPartition {
  return { rows: new UserRows(), objects: new Map(), rewrapped: new Map() };
}

const WHOLE_USER = { lifecycle: 1, purpose: GENERAL_PURPOSE, generation: 1 };

/** Makes of a user's row what is known of the user, and the other way round, as far as a row has room. */
export class RowEntries {
  /** Scopes that unreadable records claim: nobody vouches for them, so they take no place of a profile. */
  readonly #claims = new KeyProfiles();
  readonly #words = new Uint32Array(NAME_WORDS);
  readonly #slab: KeySlab;
  readonly #profiles: KeyProfiles;

  constructor(slab: KeySlab, profiles: KeyProfiles) {
    this.#slab = slab;
    this.#profiles = profiles;
  }

  /** The object, or a view of the row: its key writes through. */
  view({ rows, objects, rewrapped }: UsersOfPartition, partition: number, row: number): UserEntry {
    const object = objects.get(row);
    if (object) return object;
    const userRef = rows.userRef(row) as UserRef;
    const entry = new UserEntry(userRef, partition);
    if (rows.kind(row) === LIVING) {
      const identity = { kid: rows.kid(row), madeAt: rows.time(row), offset: rows.offset(row) };
      const profile = this.#profiles.get(rows.profile(row));
      entry.putKey(new UserKey(userRef, profile, identity, this.#slab, rows.keyState(row)));
      const offset = rewrapped.get(row);
      if (offset !== undefined) entry.strays = unreadableAt(identity.kid, profile, offset);
    } else if (rows.kind(row) === UNREADABLE) {
      const scope = this.#claims.get(rows.profile(row));
      entry.strays = unreadableAt(rows.kid(row), scope, rows.offset(row));
    } else if (rows.kind(row) !== IN_OBJECT) {
      const fingerprints = rows.kind(row) === FORGOTTEN_WITH_KEY ? [rows.fingerprint(row)] : [];
      entry.fences = [{ userRef, ...WHOLE_USER, erasedAt: rows.time(row), fingerprints }];
    }
    return entry;
  }

  intoObject(users: UsersOfPartition, row: number, userRef: UserRef, partition: number): UserEntry {
    const object = users.objects.get(row);
    if (object) return object;
    const entry = this.view(users, partition, row);
    // Detached from the row, which is about to hold nothing.
    entry.keys = entry.keys.map(
      (key) => new UserKey(userRef, key, key, this.#slab, { held: key.state.held, uses: key.uses }),
    );
    users.objects.set(row, entry);
    users.rewrapped.delete(row);
    users.rows.putInObject(row);
    return entry;
  }

  /** Leaves the object where the row has no room for what it says. */
  intoRow(users: UsersOfPartition, row: number, entry: UserEntry): void {
    if (this.#put(users, row, entry)) users.objects.delete(row);
  }

  #put(users: UsersOfPartition, row: number, entry: UserEntry): boolean {
    if (!entry.isPlain)
      return entry.keys.length > 0
        ? this.#putRewrapped(users, row, entry)
        : this.#putUnreadable(users, row, entry);
    return entry.fences.length > 0
      ? this.#putForgotten(users, row, entry)
      : this.#putLiving(users, row, entry);
  }

  #putUnreadable({ rows }: UsersOfPartition, row: number, entry: UserEntry): boolean {
    const [kid, stray] = entry.onlyUnreadable ?? [];
    if (kid === undefined || !stray || stray.scope === null || stray.scope === 'later') return false;
    const offset = Number(stray.offset);
    const claim = this.#claims.numberOf({ ...stray.scope, rotation: 0, lifetimeSeconds: 0, epoch: 0 });
    if (claim < 0 || !fits(0, offset)) return false;
    wordsFromHex(entry.userRef + kid, this.#words, 0, NAME_WORDS);
    rows.putUnreadable(row, this.#words, claim, offset);
    return true;
  }

  #putRewrapped(users: UsersOfPartition, row: number, entry: UserEntry): boolean {
    const [kid, stray] = entry.onlyUnreadable ?? [];
    const [key] = entry.keys;
    if (!key || key.kid !== kid || !stray || stray.scope === null || stray.scope === 'later') return false;
    if (!isSameScope(key, stray.scope) || !this.#putLiving(users, row, entry)) return false;
    users.rewrapped.set(row, Number(stray.offset));
    return true;
  }

  #putLiving({ rows }: UsersOfPartition, row: number, { userRef, keys }: UserEntry): boolean {
    const [key] = keys;
    if (!key || keys.length > 1 || !fits(key.madeAt, key.offset)) return false;
    const profile = this.#profiles.numberOf(key);
    if (profile < 0) return false;
    const { held, uses } = key.state;
    wordsFromHex(userRef + key.kid, this.#words, 0, NAME_WORDS);
    rows.putLiving(row, this.#words, profile, key.offset, key.madeAt, held, uses);
    return true;
  }

  #putForgotten({ rows }: UsersOfPartition, row: number, { keys, fences }: UserEntry): boolean {
    const [fence] = fences;
    if (!fence || fences.length > 1 || keys.length > 0 || !fits(fence.erasedAt, 0)) return false;
    if (fence.purpose !== GENERAL_PURPOSE || fence.lifecycle !== 1 || fence.fingerprints.length > 1)
      return false;
    const [fingerprint] = fence.fingerprints;
    if (fingerprint === undefined) rows.putForgotten(row, fence.erasedAt, null);
    else {
      wordsFromHex(fingerprint, this.#words, 0, USER_REF_WORDS);
      rows.putForgotten(row, fence.erasedAt, this.#words);
    }
    return true;
  }
}

/** A log without append times stamps -1. */
export function fits(time: number, offset: number): boolean {
  return time >= 0 && time <= MOST_TIME_IN_ROW && offset <= MOST_OFFSET_IN_ROW;
}

function unreadableAt(kid: string, scope: KeyScope, offset: number): Map<string, StrayRecord> {
  return new Map([[kid, { scope, reason: 'unreadable', offset: BigInt(offset) }]]);
}
