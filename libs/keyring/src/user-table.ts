import type { Alarms, AlarmCode } from './alarms.js';
import { CountedAlarm } from './counted-alarm.js';
import { MAC_BYTES, type Sodium } from './crypto/sodium.js';
import { deploymentPartition, type StandingDeployment } from './deployment.js';
import { DeploymentWatch } from './deployment-watch.js';
import { Emitter } from './emitter.js';
import { decodeFence, keyFingerprint } from './fence-record.js';
import type { StoredKeyLogRecord } from './key-log.js';
import type { KeyOpener, OpenedKey } from './key-opener.js';
import { KEY_RECORD_BYTES } from './key-record.js';
import { endsWith, GENERAL_PURPOSE, isSameScope, type KeyScope } from './key-scope.js';
import type { Fence, UserRef } from './keyring.js';
import type { LogTime } from './log-time.js';
import { NAME_WORDS, parseRecordKey, readUserKeyName } from './record-keys.js';
import { decodeRetirement, isRetirement } from './retirement-record.js';
import type { Subkeys } from './subkeys.js';
import type { StrayRecord, UserEntry } from './user-entry.js';
import { isAtHand, type KeyProfile, type UserKey } from './user-key.js';
import { partitionOfUser } from './user-ref.js';
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

interface LostKey extends Place {
  readonly userRef: UserRef;
  readonly scope: KeyScope;
}

/** A key whose bytes are not in memory, and where to read them. */
export interface KeyPlace {
  readonly userRef: UserRef;
  readonly kid: string;
  readonly offset: number;
}

export const defaultKeysInMemory = 2_000_000;

/** A partition that is being replayed. */
interface Replay {
  /** Tombstones whose fence may still come. */
  readonly lost: LostKey[];
  /** Of a partition that is given anew: up to which lifecycle a user was forgotten already. */
  readonly fencedBefore: (userRef: UserRef) => number;
  readonly isFirst: boolean;
  /** A record of an older epoch is no alarm when the key stands further on, wrapped anew. */
  sawUnreadable: boolean;
}

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
  readonly deployment: DeploymentWatch;
  readonly #counts = { users: 0, keys: 0, forgotten: 0 };
  readonly #replays = new Map<number, Replay>();

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
    for (let partition = 0; partition < parts.partitionCount; partition++) {
      this.#replays.set(partition, { lost: [], fencedBefore: () => 0, isFirst: true, sawUnreadable: false });
    }
  }

  /** A view that holds until the next record: never keep it. */
  get(userRef: string): UserEntry | undefined {
    return this.#store.get(userRef);
  }

  /** All users, also while records are applied: who is added meanwhile comes too. */
  entries(): Iterable<UserEntry> {
    return this.#store.entries();
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
      if (name.kind === 'fence') this.#applyFence(entry, name, record);
      else this.#applyKey(entry, owner, name.kid, record);
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
      this.#mayEvict(partition),
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

  /** Keys of a first replay are not wanted yet: they take no other's place. */
  #mayEvict(partition: number): boolean {
    return !this.#replays.has(partition);
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
    const fencedBefore = this.#store.clear(partition);
    this.#unreadable.reset(partition);
    const isFirst = this.#isFirst(partition);
    this.#replays.set(partition, { lost: [], fencedBefore, isFirst, sawUnreadable: false });
  }

  /** The partition was given up to its end: a key that was tombstoned and has no fence by now was lost. */
  replayed(partition: number): void {
    const replay = this.#replays.get(partition);
    this.#replays.delete(partition);
    for (const { userRef, scope, ...place } of replay?.lost ?? []) {
      if (!this.get(userRef)?.fenceOf(scope)) this.#alarm('KEY_LOST', place);
    }
    if (replay?.sawUnreadable) this.#unreadable.raiseAll(partition, this.#store.unreadable(partition));
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
    this.deployment.close();
  }

  #applyFence(entry: UserEntry, name: KeyScope, record: StoredKeyLogRecord): void {
    const standing = entry.fences.some((fence) => isSameScope(fence, name));
    if (record.value === null) {
      if (standing) this.#alarm('FENCE_TOMBSTONED', record);
      return;
    }
    const { sodium, subkeys } = this.#parts;
    const fence = decodeFence(sodium, subkeys.fence, entry.userRef, record.value);
    if (!fence || !isSameScope(fence, name)) {
      entry.forgedFence = true;
      return this.#alarm('FENCE_UNAUTHENTIC', record);
    }
    const isNew = entry.putFence(fence);
    for (const key of entry.removeKeys((candidate) => endsWith(candidate, fence))) {
      this.#store.release(key);
      entry.dead.add(key.kid);
    }
    this.#endRetirements(entry, fence);
    // The next lifecycle begins after this fence: what stood before it ends with it, whatever it claims.
    const isWhole = fence.purpose === GENERAL_PURPOSE;
    for (const [kid, stray] of entry.strays ?? []) {
      if (!isLiving(entry, kid) && ((isWhole && isNew) || isDead(stray, entry))) entry.dead.add(kid);
    }
    if (isNew && this.#isNews(fence, record.partition)) this.forgotten.emit(fence);
  }

  /** With a fence, nothing need say any more that a key's time was over. */
  #endRetirements(entry: UserEntry, fence: Fence): void {
    for (const [kid, retirement] of entry.retired ?? []) {
      if (!endsWith(retirement, fence)) continue;
      entry.retired?.delete(kid);
      entry.dead.add(kid);
    }
  }

  #applyKey(entry: UserEntry, owner: number, kid: string, record: StoredKeyLogRecord): void {
    const { value } = record;
    if (value === null) return this.#applyKeyTombstone(entry, kid, record);
    if (isRetirement(value)) return this.#applyRetirement(entry, kid, value, record);
    const name = { userRef: entry.userRef, kid };
    const opened = this.#parts.opener.open(name, value);
    if ('reason' in opened) {
      (entry.strays ??= new Map()).set(kid, { ...opened, offset: record.offset });
      if (!isLiving(entry, kid) && isDead(opened, entry)) entry.dead.add(kid);
      if (opened.reason === 'unauthentic') return this.#alarm('KEY_RECORD_UNAUTHENTIC', record);
      const replay = this.#replays.get(record.partition);
      if (replay) replay.sawUnreadable = true;
      else this.#unreadable.raise(record.partition, record.offset);
      return;
    }
    entry.strays?.delete(kid);
    entry.dead.delete(kid);
    this.#applyOpenedKey(entry, owner, kid, opened, record);
    opened.key.fill(0);
  }

  #applyOpenedKey(
    entry: UserEntry,
    owner: number,
    kid: string,
    opened: OpenedKey,
    record: StoredKeyLogRecord,
  ): void {
    const fence = entry.fenceOf(opened);
    if (fence || entry.retired?.has(kid)) {
      entry.dead.add(kid);
      if (fence && this.#isListed(fence, opened.key)) this.#alarm('KEY_RETURNED', record);
      return;
    }
    const index = entry.keys.findIndex((candidate) => candidate.kid === kid);
    const standing = entry.keys[index];
    if (standing && !(isSameScope(standing, opened) && this.#store.isKey(standing, opened.key))) {
      return this.#alarm('KEY_RECORD_CONFLICT', record);
    }
    // The same record again, by a mirror or by somebody who wants the key to live longer, makes it no younger.
    const madeAt = Math.min(
      opened.madeAt === 0 ? record.timestamp : opened.madeAt,
      standing?.madeAt ?? Infinity,
    );
    const identity = { kid, madeAt, offset: Number(record.offset) };
    const held =
      standing?.state.held ?? this.#store.keep(opened.key, owner, this.#mayEvict(record.partition));
    const key = this.#store.newKey(entry.userRef, opened, identity, held, standing?.uses ?? 0);
    if (standing) entry.keys[index] = key;
    else entry.putKey(key);
  }

  #applyRetirement(entry: UserEntry, kid: string, value: Uint8Array, record: StoredKeyLogRecord): void {
    const { sodium, subkeys } = this.#parts;
    const retirement = decodeRetirement(sodium, subkeys.fence, { userRef: entry.userRef, kid }, value);
    if (!retirement) {
      (entry.strays ??= new Map()).set(kid, { scope: null, reason: 'unauthentic', offset: record.offset });
      return this.#alarm('RETIREMENT_UNAUTHENTIC', record);
    }
    entry.strays?.delete(kid);
    for (const key of entry.removeKeys((candidate) => candidate.kid === kid)) this.#store.release(key);
    if (entry.fenceOf(retirement)) entry.dead.add(kid);
    else {
      entry.dead.delete(kid);
      (entry.retired ??= new Map()).set(kid, retirement);
    }
  }

  #applyKeyTombstone(entry: UserEntry, kid: string, record: StoredKeyLogRecord): void {
    entry.dead.delete(kid);
    entry.strays?.delete(kid);
    const retirement = entry.retired?.get(kid);
    if (retirement) {
      entry.retired?.delete(kid);
      this.#lose(entry, retirement, record);
    }
    for (const key of entry.removeKeys((candidate) => candidate.kid === kid)) {
      this.#store.release(key);
      this.#lose(entry, key, record);
    }
  }

  #lose(entry: UserEntry, { lifecycle, purpose, generation }: KeyScope, record: StoredKeyLogRecord): void {
    const replay = this.#replays.get(record.partition);
    const { partition, offset } = record;
    const { userRef } = entry;
    if (replay) replay.lost.push({ userRef, scope: { lifecycle, purpose, generation }, partition, offset });
    else this.#alarm('KEY_LOST', record);
  }

  #isListed(fence: Fence, key: Uint8Array): boolean {
    const { sodium, subkeys } = this.#parts;
    return fence.fingerprints.includes(keyFingerprint(sodium, subkeys.fingerprint, key));
  }

  #isFirst(partition: number): boolean {
    return this.#replays.get(partition)?.isFirst ?? false;
  }

  /** Fences of the first replay are none, nor are those that were known before a later one. */
  #isNews({ userRef, lifecycle }: Fence, partition: number): boolean {
    const replay = this.#replays.get(partition);
    return !replay || (!replay.isFirst && replay.fencedBefore(userRef) < lifecycle);
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

/** What stands in the place of a living key's record is never buried: the tombstone would take the key itself. */
function isLiving({ keys }: UserEntry, kid: string): boolean {
  return keys.some((key) => key.kid === kid);
}

/**
 * A record of no use under a user with a fence. One that a later version or epoch may have written for a new lifecycle
 * is left alone: this process cannot tell that it is not a living key.
 */
function isDead({ scope }: Pick<StrayRecord, 'scope'>, entry: UserEntry): boolean {
  if (scope === 'later') return false;
  return scope === null ? entry.fenced > 0 : entry.fenceOf(scope) !== null;
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
