import { equalBytes } from './crypto/sodium.js';
import { wordsFromHex } from './hex-words.js';
import { KeyProfiles } from './key-profiles.js';
import { KeySlab } from './key-slab.js';
import type { UserRef, UserState } from './keyring.js';
import { Recent } from './recent.js';
import { NAME_WORDS, USER_REF_WORDS } from './record-keys.js';
import { fits, nobody, RowEntries, type UsersOfPartition } from './row-entries.js';
import type { UserEntry } from './user-entry.js';
import { isHeld, notHeld, UserKey, type KeyIdentity, type KeyProfile } from './user-key.js';
import { FORGOTTEN, FORGOTTEN_WITH_KEY, IN_OBJECT, LIVING, UNREADABLE } from './user-rows.js';
import { partitionOfUser } from './user-ref.js';

/** Views kept of the users that were asked for last: those that a process works with come again. */
const RECENT_VIEWS = 4096;

export interface UserStoreParts {
  readonly partitionCount: number;
  /** Most keys whose bytes are held. */
  readonly keysInMemory: number;
  /** 31 bits of a keyed hash of a key: tells it from another one when its bytes are gone. */
  readonly check: (key: Uint8Array) => number;
}

export interface Census {
  users: number;
  keys: number;
  forgotten: number;
}

/**
 * Holds users in rows of typed arrays, with their key bytes in a slab of bounded size: beyond it the keys that were not used for
 * long are wiped, and only where their record stands is remembered. A user with more than one living key, one plain fence, or one record
 * that cannot be read, is held as an object. What is asked for is a `UserEntry` either way; only `edit` and `addLiving` change one.
 */
export class UserStore {
  readonly #parts: UserStoreParts;
  readonly #slab: KeySlab;
  readonly #profiles = new KeyProfiles();
  readonly #entries: RowEntries;
  readonly #partitions: UsersOfPartition[];
  readonly #views = new Recent<UserEntry>(RECENT_VIEWS);
  readonly #words = new Uint32Array(NAME_WORDS);

  constructor(parts: UserStoreParts) {
    this.#parts = parts;
    this.#slab = new KeySlab(parts.keysInMemory);
    this.#entries = new RowEntries(this.#slab, this.#profiles);
    this.#partitions = Array.from({ length: parts.partitionCount }, nobody);
  }

  get keysInMemory(): number {
    return this.#slab.limit;
  }

  /** Keys whose bytes are held now. */
  get keysHeld(): number {
    return this.#slab.size;
  }

  /** Users about whom more is known than a row holds. */
  get objectsHeld(): number {
    return this.#partitions.reduce((sum, { objects }) => sum + objects.size, 0);
  }

  get(userRef: string): UserEntry | undefined {
    const recent = this.#views.get(userRef);
    if (recent) return recent;
    if (!wordsFromHex(userRef, this.#words, 0, USER_REF_WORDS)) return undefined;
    const partition = partitionOfUser(userRef as UserRef, this.#parts.partitionCount);
    const users = this.#users(partition);
    const row = users.rows.find(this.#words);
    if (row < 0) return undefined;
    const entry = this.#entries.view(users, partition, row);
    this.#views.set(userRef, entry);
    return entry;
  }

  /** All users, also while records are applied: who is added meanwhile comes too, a partition that begins anew is told anew. */
  *entries(): Iterable<UserEntry> {
    for (const [partition, row] of this.#everyRow()) {
      yield this.#entries.view(this.#users(partition), partition, row);
    }
  }

  /** Users of whom it is said that they are restricted: each takes an object, so no row is looked at. */
  *entriesRestricted(): Iterable<UserEntry> {
    for (const { objects } of this.#partitions) {
      for (const entry of objects.values()) if (entry.restriction?.isRestricted) yield entry;
    }
  }

  /** Users with a living key of such a profile. */
  *entriesWith(isWanted: (profile: KeyProfile) => boolean): Iterable<UserEntry> {
    for (const [partition, row] of this.#everyRow()) {
      const users = this.#users(partition);
      if (this.#keysOf(users, row, isWanted) > 0) yield this.#entries.view(users, partition, row);
    }
  }

  /** Number of living keys of such a profile. */
  count(isWanted: (profile: KeyProfile) => boolean): number {
    let count = 0;
    for (const users of this.#partitions) {
      for (let row = 0; row < users.rows.count; row++) count += this.#keysOf(users, row, isWanted);
    }
    return count;
  }

  /** Offsets of the key records of this partition that could not be read, in no order. */
  unreadable(partition: number): number[] {
    const { rows, objects, rewrapped } = this.#users(partition);
    const offsets = [...rewrapped.values()];
    for (let row = 0; row < rows.count; row++) {
      if (rows.kind(row) === UNREADABLE) offsets.push(rows.offset(row));
    }
    for (const { strays } of objects.values()) {
      for (const { reason, offset } of strays?.values() ?? []) {
        if (reason === 'unreadable') offsets.push(Number(offset));
      }
    }
    return offsets;
  }

  /**
   * Puts a user in a row whose first record is this key's, of a profile that is known; takes the key's bytes. `name`: userRef 4 words,
   * kid 2. False, with nothing done, when the row has no room for it.
   */
  addLiving(
    name: Uint32Array,
    partition: number,
    profile: number,
    { madeAt, offset }: Omit<KeyIdentity, 'kid'>,
    key: Uint8Array,
    mayEvict: boolean,
  ): boolean {
    if (!fits(madeAt, offset)) return false;
    const { rows } = this.#users(partition);
    const row = rows.add(name);
    const held = this.keep(key, this.#ownerOf(partition, row), mayEvict);
    rows.putLiving(row, name, profile, offset, madeAt, held, 0);
    return true;
  }

  has(name: Uint32Array, partition: number): boolean {
    return this.#users(partition).rows.find(name) >= 0;
  }

  /** The number of the profile that a key record claims; -1 when none like it was seen. */
  profileClaimedBy(value: Uint8Array): number {
    return this.#profiles.claimedBy(value);
  }

  profile(number: number): KeyProfile {
    return this.#profiles.get(number);
  }

  /** Changes what is known of a user, who is new if need be. `owner` goes with the keys that are kept for it. */
  edit(userRef: UserRef, partition: number, change: (entry: UserEntry, owner: number) => void): void {
    wordsFromHex(userRef, this.#words, 0, USER_REF_WORDS);
    const users = this.#users(partition);
    const found = users.rows.find(this.#words);
    const row = found < 0 ? users.rows.add(this.#words) : found;
    this.#views.delete(userRef);
    const entry = this.#entries.intoObject(users, row, userRef, partition);
    change(entry, this.#ownerOf(partition, row));
    this.#entries.intoRow(users, row, entry);
    // Whoever was told of the change may have looked at the object, which is no longer what stands.
    this.#views.delete(userRef);
  }

  /** Takes a key's bytes, which are wiped; where they are held. Without `mayEvict`, and with no room left, they are only remembered. */
  keep(key: Uint8Array, owner: number, mayEvict: boolean): number {
    if (!this.#slab.isFull) return this.#slab.keep(key, owner);
    if (mayEvict) {
      if (!this.#slab.tracksOwners) this.#trackOwners();
      this.#evict(this.#slab.old());
      return this.#slab.keep(key, owner);
    }
    const held = notHeld(this.#parts.check(key));
    key.fill(0);
    return held;
  }

  newKey(userRef: UserRef, profile: KeyProfile, identity: KeyIdentity, held: number, uses: number): UserKey {
    return new UserKey(userRef, profile, identity, this.#slab, { held, uses });
  }

  /** Gives back the bytes of a key that were not in memory; they are wiped. */
  restore(userRef: UserRef, key: UserKey, bytes: Uint8Array): void {
    const partition = partitionOfUser(userRef, this.#parts.partitionCount);
    wordsFromHex(userRef, this.#words, 0, USER_REF_WORDS);
    const row = this.#users(partition).rows.find(this.#words);
    key.state.held = this.keep(bytes, this.#ownerOf(partition, row), true);
  }

  release({ state }: UserKey): void {
    if (isHeld(state.held)) this.#slab.release(state.held);
    state.held = notHeld(0);
  }

  /** True when these are the key's bytes, in memory or not. */
  isKey(key: UserKey, bytes: Uint8Array): boolean {
    const known = key.key;
    return known ? equalBytes(known, bytes) : key.state.held === notHeld(this.#parts.check(bytes));
  }

  census(partition: number): Census {
    const { rows, objects } = this.#users(partition);
    const census = { users: 0, keys: 0, forgotten: 0 };
    for (let row = 0; row < rows.count; row++) {
      const kind = rows.kind(row);
      const state = kind === IN_OBJECT ? objects.get(row)?.state : STATES[kind];
      if (state === 'active') census.users++;
      if (state === 'forgotten') census.forgotten++;
      census.keys += kind === LIVING ? 1 : (objects.get(row)?.keys.length ?? 0);
    }
    return census;
  }

  /** Forgets the partition, its keys wiped. What it gives tells the lifecycle up to which a user was forgotten before. */
  clear(partition: number): (userRef: UserRef) => number {
    const users = this.#users(partition);
    const { rows, objects } = users;
    for (let row = 0; row < rows.count; row++) {
      if (rows.kind(row) === LIVING && isHeld(rows.held(row))) this.#slab.release(rows.held(row));
      for (const key of objects.get(row)?.keys ?? []) this.release(key);
    }
    this.#views.clear();
    this.#partitions[partition] = nobody();
    return (userRef) => {
      wordsFromHex(userRef, this.#words, 0, USER_REF_WORDS);
      const row = rows.find(this.#words);
      return row < 0 ? 0 : this.#entries.view(users, partition, row).fenced;
    };
  }

  wipe(): void {
    this.#slab.wipe();
    this.#views.clear();
    for (let partition = 0; partition < this.#partitions.length; partition++) {
      this.#partitions[partition] = nobody();
    }
  }

  /** A partition that begins anew is told anew: of its users, none was told yet. */
  *#everyRow(): Iterable<readonly [partition: number, row: number]> {
    for (let partition = 0; partition < this.#partitions.length; partition++) {
      let users = this.#users(partition);
      for (let row = 0; row < users.rows.count; row++) {
        yield [partition, row];
        if (users === this.#users(partition)) continue;
        users = this.#users(partition);
        row = -1;
      }
    }
  }

  #keysOf(
    { rows, objects }: UsersOfPartition,
    row: number,
    isWanted: (profile: KeyProfile) => boolean,
  ): number {
    if (rows.kind(row) === LIVING) return isWanted(this.#profiles.get(rows.profile(row))) ? 1 : 0;
    return objects.get(row)?.keys.filter(isWanted).length ?? 0;
  }

  /** Goes through all rows once, when the first key has to make room: some 10 ms a million. */
  #trackOwners(): void {
    this.#slab.trackOwners();
    for (const [partition, row] of this.#everyRow()) {
      const { rows, objects } = this.#users(partition);
      const owner = this.#ownerOf(partition, row);
      if (rows.kind(row) === LIVING) this.#own(rows.held(row), owner);
      for (const { state } of objects.get(row)?.keys ?? []) this.#own(state.held, owner);
    }
  }

  #own(held: number, owner: number): void {
    if (isHeld(held)) this.#slab.setOwner(held, owner);
  }

  #evict(place: number): void {
    const owner = this.#slab.ownerOf(place);
    const { partitionCount, check } = this.#parts;
    const { rows, objects } = this.#users(owner % partitionCount);
    const row = Math.floor(owner / partitionCount);
    const held = notHeld(check(this.#slab.view(place)));
    const key = objects.get(row)?.keys.find(({ state }) => state.held === place);
    if (key) key.state.held = held;
    else rows.setHeld(row, held);
    this.#slab.release(place);
  }

  #ownerOf(partition: number, row: number): number {
    return row * this.#parts.partitionCount + partition;
  }

  #users(partition: number): UsersOfPartition {
    const users = this.#partitions[partition];
    if (users) return users;
    throw new RangeError(`there is no partition ${partition}: ${this.#partitions.length} are there`);
  }
}

/** By what a row holds. */
const STATES: Readonly<Record<number, UserState>> = {
  [LIVING]: 'active',
  [FORGOTTEN]: 'forgotten',
  [FORGOTTEN_WITH_KEY]: 'forgotten',
  [UNREADABLE]: 'unknown',
};
