import type { Alarms, AlarmCode } from './alarms.js';
import { CountedAlarm } from './counted-alarm.js';
import { MAC_BYTES, type Sodium } from './crypto/sodium.js';
import { deploymentPartition, type StandingDeployment } from './deployment.js';
import { DeploymentWatch } from './deployment-watch.js';
import { Emitter } from './emitter.js';
import type { StoredKeyLogRecord } from './key-log.js';
import type { KeyOpener } from './key-opener.js';
import { KEY_RECORD_BYTES } from './key-record.js';
import { isSameScope } from './key-scope.js';
import type { Fence, RestrictionChange, UserRef } from './keyring.js';
import type { LogTime } from './log-time.js';
import { NAME_WORDS, parseRecordKey, readUserKeyName } from './record-keys.js';
import { Replays } from './replays.js';
import type { Subkeys } from './subkeys.js';
import type { UserEntry } from './user-entry.js';
import { isAtHand, type KeyProfile, type UserKey } from './user-key.js';
import { partitionOfUser } from './user-ref.js';
import { UserRecords } from './user-records.js';
import { UserStore } from './user-store.js';

export interface UserTableParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly opener: KeyOpener;
  readonly partitionCount: number;
  readonly deployment: StandingDeployment;
  readonly time: LogTime;
  readonly alarms: Alarms;
  /** Most keys whose bytes are held; of more, those that were used lately. Default 2,000,000: 66 MB. */
  readonly keysInMemory?: number;
}

/** Where something stands in the log. */
interface Place {
  readonly partition: number;
  readonly offset: bigint;
}

/** A key whose bytes are not in memory, and where to read them. */
export interface KeyPlace {
  readonly userRef: UserRef;
  readonly kid: string;
  readonly offset: number;
}

export const defaultKeysInMemory = 2_000_000;

/**
 * What the key log says, user by user. Only applying a record that was read from the log changes it,
 * so memory and log cannot disagree (SPEC.md, section 9). Applying never throws: a record that does not belong is an alarm.
 */
export class UserTable {
  readonly #parts: UserTableParts;
  readonly #store: UserStore;
  readonly #unreadable: CountedAlarm;
  readonly #name = new Uint32Array(NAME_WORDS);
  readonly #withDead = new Set<UserEntry>();
  readonly forgotten = new Emitter<Fence>();
  readonly restricted = new Emitter<RestrictionChange>();
  readonly deployment: DeploymentWatch;
  readonly #counts = { users: 0, keys: 0, forgotten: 0 };
  readonly #replays: Replays;
  readonly #records: UserRecords;

  constructor(parts: UserTableParts) {
    this.#parts = parts;
    this.#unreadable = new CountedAlarm(parts.alarms, 'KEY_RECORD_UNREADABLE');
    this.deployment = new DeploymentWatch(parts.deployment, parts.alarms);
    const { sodium, subkeys, partitionCount, keysInMemory = defaultKeysInMemory } = parts;
    this.#store = new UserStore({
      partitionCount,
      keysInMemory,
      check: (key) => checkOf(sodium.mac(subkeys.fingerprint, key, MAC_BYTES)),
    });
    this.#replays = new Replays(partitionCount);
    this.#records = new UserRecords({
      ...parts,
      store: this.#store,
      replays: this.#replays,
      unreadable: this.#unreadable,
      forgotten: this.forgotten,
      restricted: this.restricted,
    });
  }

  /** A view that holds until the next record: never keep it. */
  get(userRef: string): UserEntry | undefined {
    return this.#store.get(userRef);
  }

  /** All users, also while records are applied: who is added meanwhile comes too. */
  entries(): Iterable<UserEntry> {
    return this.#store.entries();
  }

  /** Users of whom it is said that they are restricted. */
  entriesRestricted(): Iterable<UserEntry> {
    return this.#store.entriesRestricted();
  }

  /** Users with a living key of such a profile. */
  entriesWith(isWanted: (profile: KeyProfile) => boolean): Iterable<UserEntry> {
    return this.#store.entriesWith(isWanted);
  }

  /** Number of living keys of such a profile. */
  countKeys(isWanted: (profile: KeyProfile) => boolean): number {
    return this.#store.count(isWanted);
  }

  /** Most keys that may be wanted in memory at the same time: half of what fits, so that two callers find what they asked for. */
  get mostAtOnce(): number {
    return Math.max(1, Math.floor(this.#store.keysInMemory / 2));
  }

  /** Keys whose bytes are in memory. */
  get keysHeld(): number {
    return this.#store.keysHeld;
  }

  /** Users who take an object each, and not a row alone. */
  get objectsHeld(): number {
    return this.#store.objectsHeld;
  }

  /** Users with key records of an ended scope still standing. */
  entriesWithDead(): Iterable<UserEntry> {
    return this.#withDead;
  }

  get counts(): { users: number; keys: number; forgotten: number } {
    return { ...this.#counts };
  }

  apply(record: StoredKeyLogRecord): void {
    this.#parts.time.saw(record.timestamp);
    if (this.#applyNewUser(record)) return;
    const name = parseRecordKey(record.key);
    if (!name) return this.#alarm('RECORD_UNKNOWN', record);
    if (name.kind === 'deployment') {
      return this.deployment.saw(name.id, record, this.#replays.has(record.partition));
    }
    if (name.kind === 'nudge') return;
    // Those that stand where they should were taken by the table of peppers.
    if (name.kind === 'pepper') return this.#alarm('RECORD_MISPLACED', record);
    if (partitionOfUser(name.userRef, this.#parts.partitionCount) !== record.partition) {
      return this.#alarm('RECORD_MISPLACED', record);
    }
    if (record.value === null && !this.#store.get(name.userRef)) return;
    this.#edit(name.userRef, record.partition, (entry, owner) => {
      if (name.kind === 'fence') this.#records.applyFence(entry, name, record);
      else if (name.kind === 'restriction') this.#records.applyRestriction(entry, name.lifecycle, record);
      else this.#records.applyKey(entry, owner, name.kid, record);
    });
  }

  /** Applies a record that was read again since it could be read by now, unless something took its place meanwhile. */
  applyAgain(record: StoredKeyLogRecord): void {
    const name = parseRecordKey(record.key);
    const stray = name?.kind === 'user-key' ? this.get(name.userRef)?.strays?.get(name.kid) : undefined;
    if (stray?.reason === 'unreadable' && stray.offset === record.offset) this.apply(record);
  }

  /**
   * The common record of a replay, a key of a user of whom nothing is known, without making anything on the way; what `apply` does otherwise
   * says the same in simple terms. False, with nothing done, for any record about which there is more to say.
   */
  #applyNewUser({ key, value, partition, offset, timestamp }: StoredKeyLogRecord): boolean {
    if (value?.length !== KEY_RECORD_BYTES || !readUserKeyName(key, this.#name)) return false;
    if ((this.#name[0] ?? 0) % this.#parts.partitionCount !== partition) return false;
    const profile = this.#store.profileClaimedBy(value);
    if (profile < 0 || this.#store.has(this.#name, partition)) return false;
    const userKey = this.#parts.opener.openKey(this.#name, this.#store.profile(profile).epoch, value);
    if (userKey === null) return false;
    const identity = { madeAt: madeAtIn(value) || timestamp, offset: Number(offset) };
    const isNew = this.#store.addLiving(
      this.#name,
      partition,
      profile,
      identity,
      userKey,
      this.#replays.mayEvict(partition),
    );
    userKey.fill(0);
    if (isNew) {
      this.#counts.users++;
      this.#counts.keys++;
    }
    return isNew;
  }

  #edit(userRef: UserRef, partition: number, change: (entry: UserEntry, owner: number) => void): void {
    this.#store.edit(userRef, partition, (entry, owner) => {
      this.#count(entry, -1);
      change(entry, owner);
      this.#count(entry, 1);
      if (entry.dead.size > 0) this.#withDead.add(entry);
      else this.#withDead.delete(entry);
    });
  }

  /** Takes the bytes of an absent key from its record, which was read again; what does not fit is an alarm. */
  restoreKey({ userRef, kid, offset }: KeyPlace, record: StoredKeyLogRecord): void {
    const key = this.#keyAt({ userRef, kid, offset });
    if (!key || isAtHand(key)) return;
    const name = parseRecordKey(record.key);
    const isIts = name?.kind === 'user-key' && name.userRef === userRef && name.kid === kid;
    const opened = isIts && record.value !== null && this.#parts.opener.open(name, record.value);
    if (!opened) return this.#alarm('KEY_RECORD_CONFLICT', record);
    if ('reason' in opened) {
      // It opened before: its wrapping key is not at hand now, which others report, and retrying is all there is to do.
      if (opened.reason === 'unauthentic') this.#alarm('KEY_RECORD_UNAUTHENTIC', record);
      return;
    }
    const isSame = isSameScope(key, opened) && this.#store.isKey(key, opened.key);
    if (isSame) this.#store.restore(userRef, key, opened.key);
    opened.key.fill(0);
    if (!isSame) this.#alarm('KEY_RECORD_CONFLICT', record);
  }

  /**
   * The record of an absent key was looked for after everything was read, and does not stand any more: as if a tombstone for it had been
   * read, the key is lost.
   */
  missKey(place: KeyPlace): void {
    if (!this.#keyAt(place)) return;
    const { userRef, kid, offset } = place;
    const partition = partitionOfUser(userRef, this.#parts.partitionCount);
    this.#edit(userRef, partition, (entry) => {
      for (const key of entry.removeKeys((candidate) => candidate.kid === kid)) this.#store.release(key);
    });
    this.#alarm('KEY_LOST', { partition, offset: BigInt(offset) });
  }

  /** The key, if its record is still the one at this offset. */
  #keyAt({ userRef, kid, offset }: KeyPlace): UserKey | undefined {
    return this.get(userRef)?.keys.find((key) => key.kid === kid && key.offset === offset);
  }

  /** The partition is given anew from its start: what it said before counts no more, and tombstones may have been missed. */
  restarted(partition: number): void {
    const { users, keys, forgotten } = this.#store.census(partition);
    this.#counts.users -= users;
    this.#counts.keys -= keys;
    this.#counts.forgotten -= forgotten;
    for (const entry of this.#withDead) if (entry.partition === partition) this.#withDead.delete(entry);
    if (partition === deploymentPartition) this.deployment.restarted();
    this.#replays.restarted(partition, this.#store.clear(partition));
    this.#unreadable.reset(partition);
  }

  /** The partition was given up to its end: a key that was tombstoned and has no fence by now was lost. */
  replayed(partition: number): void {
    const { lost, sawUnreadable } = this.#replays.end(partition);
    for (const { userRef, scope, ...place } of lost) {
      if (!this.get(userRef)?.fenceOf(scope)) this.#alarm('KEY_LOST', place);
    }
    if (sawUnreadable) this.#unreadable.raiseAll(partition, this.#store.unreadable(partition));
  }

  /** Where key records stand that could not be read with the wrapping keys at hand, to be tried again with others: offsets by partition. */
  unreadable(): ReadonlyMap<number, readonly number[]> {
    const found = new Map<number, readonly number[]>();
    for (let partition = 0; partition < this.#parts.partitionCount; partition++) {
      const offsets = this.#store.unreadable(partition);
      if (offsets.length > 0) found.set(partition, offsets);
    }
    return found;
  }

  /** Other wrapping keys are at hand: what cannot be read with them is told anew. */
  wrappingKeysChanged(): void {
    this.#unreadable.reset();
  }

  wipe(): void {
    this.#store.wipe();
    this.#withDead.clear();
    this.forgotten.clear();
    this.restricted.clear();
    this.deployment.close();
  }

  #count(entry: UserEntry, sign: 1 | -1): void {
    this.#counts.keys += sign * entry.keys.length;
    const { state } = entry;
    if (state === 'active') this.#counts.users += sign;
    if (state === 'forgotten') this.#counts.forgotten += sign;
  }

  #alarm(code: AlarmCode, { partition, offset }: Place): void {
    this.#parts.alarms.raise(code, partition, offset);
  }
}

/** madeAt of a key record, ms since the Unix epoch (SPEC.md, section 5); 0 when its append time counts. */
function madeAtIn(value: Uint8Array): number {
  let time = 0;
  for (let at = 22; at < 30; at++) time = time * 256 + (value[at] ?? 0);
  return time;
}

/** The first 31 bits. */
function checkOf([first = 0, second = 0, third = 0, fourth = 0]: Uint8Array): number {
  return ((first & 0x7f) << 24) | (second << 16) | (third << 8) | fourth;
}
