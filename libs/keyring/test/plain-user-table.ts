import type { Alarms, AlarmCode } from '../src/alarms.js';
import { CountedAlarm } from '../src/counted-alarm.js';
import { equalBytes, type Sodium } from '../src/crypto/sodium.js';
import { mayFollow, revisionOf, type StandingDeployment } from '../src/deployment.js';
import { Emitter } from '../src/emitter.js';
import { envelopePrefix } from '../src/envelope.js';
import { decodeFence, keyFingerprint } from '../src/fence-record.js';
import type { StoredKeyLogRecord } from '../src/key-log.js';
import type { KeyOpener, OpenedKey } from '../src/key-opener.js';
import { endsWith, GENERAL_PURPOSE, isSameScope, type KeyScope } from '../src/key-scope.js';
import type { Fence, RestrictionChange, UserRef } from '../src/keyring.js';
import type { LogTime } from '../src/log-time.js';
import { parseRecordKey } from '../src/record-keys.js';
import { decodeRestriction } from '../src/restriction-record.js';
import { decodeRetirement, isRetirement } from '../src/retirement-record.js';
import type { Subkeys } from '../src/subkeys.js';
import { UserEntry, type StrayRecord } from './plain-user-entry.js';
import { partitionOfUser } from '../src/user-ref.js';

export interface UserTableParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly opener: KeyOpener;
  readonly partitionCount: number;
  readonly deployment: StandingDeployment;
  readonly time: LogTime;
  readonly alarms: Alarms;
}

interface LostKey {
  readonly entry: UserEntry;
  readonly scope: KeyScope;
  readonly record: StoredKeyLogRecord;
}

/** What may be a later revision of the deployment: who opens it knows. */
export interface Revision {
  readonly deployment: StandingDeployment;
  readonly offset: bigint;
}

/** A partition that is being replayed. */
interface Replay {
  /** Tombstones whose fence may still come. */
  readonly lost: LostKey[];
  /** Of a partition that is given anew: who was forgotten already. */
  readonly forgotten: ReadonlyMap<UserRef, number>;
  readonly isFirst: boolean;
}

/**
 * The model that the compact table is held equal to: a map of objects that keeps every key in memory.
 * What the key log says, user by user. Only applying a record that was read from the log changes it,
 * so memory and log cannot disagree (SPEC.md, section 9). Applying never throws: a record that does not belong is an alarm.
 */
export class PlainUserTable {
  readonly #parts: UserTableParts;
  readonly #unreadable: CountedAlarm;
  readonly #users = new Map<string, UserEntry>();
  readonly #withDead = new Set<UserEntry>();
  readonly forgotten = new Emitter<Fence>();
  readonly restricted = new Emitter<RestrictionChange>();
  /** A record was read that may be a later revision of the deployment. */
  readonly revised = new Emitter<Revision>();
  readonly #counts = { users: 0, keys: 0, forgotten: 0 };
  readonly #replays = new Map<number, Replay>();
  #deployment: StandingDeployment;

  constructor(parts: UserTableParts) {
    this.#parts = parts;
    this.#unreadable = new CountedAlarm(parts.alarms, 'KEY_RECORD_UNREADABLE');
    this.#deployment = parts.deployment;
    for (let partition = 0; partition < parts.partitionCount; partition++) {
      this.#replays.set(partition, { lost: [], forgotten: new Map(), isFirst: true });
    }
  }

  get(userRef: string): UserEntry | undefined {
    return this.#users.get(userRef);
  }

  entries(): Iterable<UserEntry> {
    return this.#users.values();
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
    const name = parseRecordKey(record.key);
    if (!name) return this.#alarm('RECORD_UNKNOWN', record);
    if (name.kind === 'deployment') return this.#watchDeployment(name.id, record);
    if (name.kind === 'nudge') return;
    if (name.kind === 'pepper') return this.#alarm('RECORD_MISPLACED', record);
    if (partitionOfUser(name.userRef, this.#parts.partitionCount) !== record.partition) {
      return this.#alarm('RECORD_MISPLACED', record);
    }
    const known = this.#users.get(name.userRef);
    if (record.value === null && !known) return;
    const entry = known ?? new UserEntry(name.userRef, record.partition);
    if (!known) this.#users.set(name.userRef, entry);
    this.#count(entry, -1);
    if (name.kind === 'fence') this.#applyFence(entry, name, record);
    else if (name.kind === 'restriction') this.#applyRestriction(entry, name.lifecycle, record);
    else this.#applyKey(entry, name.kid, record);
    this.#count(entry, 1);
    if (entry.dead.size > 0) this.#withDead.add(entry);
    else this.#withDead.delete(entry);
  }

  /** The partition is given anew from its start: what it said before counts no more, and tombstones may have been missed. */
  restarted(partition: number): void {
    const forgotten = new Map<UserRef, number>();
    for (const entry of this.#users.values()) {
      if (entry.partition !== partition) continue;
      if (entry.fenced > 0) forgotten.set(entry.userRef, entry.fenced);
      this.#count(entry, -1);
      this.#withDead.delete(entry);
      this.#users.delete(entry.userRef);
    }
    this.#unreadable.reset(partition);
    this.#replays.set(partition, { lost: [], forgotten, isFirst: this.#isFirst(partition) });
  }

  /** The partition was given up to its end: a key that was tombstoned and has no fence by now was lost. */
  replayed(partition: number): void {
    for (const { entry, scope, record } of this.#replays.get(partition)?.lost ?? []) {
      if (!entry.fenceOf(scope)) this.#alarm('KEY_LOST', record);
    }
    if (!this.#replays.delete(partition)) return;
    // What was unreadable may stand further on, wrapped anew: only what is left by now is told.
    this.#unreadable.raiseAll(partition, this.unreadable().get(partition) ?? []);
  }

  /** The revision was opened: it stands now. */
  revise(deployment: StandingDeployment): void {
    this.#deployment = deployment;
  }

  /** Key records that could not be read with the wrapping keys at hand, to be tried again with others. */
  unreadable(): ReadonlyMap<number, readonly number[]> {
    const found = new Map<number, number[]>();
    for (const { strays, partition } of this.#users.values()) {
      for (const { reason, offset } of strays?.values() ?? []) {
        if (reason !== 'unreadable') continue;
        const offsets = found.get(partition) ?? [];
        found.set(partition, offsets);
        offsets.push(Number(offset));
      }
    }
    return found;
  }

  wipe(): void {
    this.#users.clear();
    this.#withDead.clear();
    this.forgotten.clear();
    this.restricted.clear();
    this.revised.clear();
  }

  /** In a replay, earlier revisions come by. */
  #watchDeployment(id: string, record: StoredKeyLogRecord): void {
    const { value } = record;
    if (id !== this.#deployment.id) {
      // Of several the next start takes the highest revision (SPEC.md, section 7): no founder writes a higher one.
      const isHigher = value !== null && revisionOf(value) > revisionOf(this.#deployment.value);
      if (isHigher && !this.#replays.has(record.partition)) this.#alarm('DEPLOYMENT_CHANGED', record);
      return;
    }
    if (value === null || !mayFollow(this.#deployment, value)) {
      if (!this.#replays.has(record.partition)) this.#alarm('DEPLOYMENT_CHANGED', record);
      return;
    }
    if (equalBytes(value, this.#deployment.value)) return;
    this.revised.emit({ deployment: { id, value: value.slice() }, offset: record.offset });
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

  #applyRestriction(entry: UserEntry, lifecycle: number, record: StoredKeyLogRecord): void {
    const before = entry.restriction;
    const isOfStanding = before?.lifecycle === lifecycle;
    if (record.value === null) {
      if (isOfStanding) this.#alarm('RESTRICTION_TOMBSTONED', record);
      return;
    }
    const { sodium, subkeys } = this.#parts;
    const said = decodeRestriction(sodium, subkeys.fence, entry.userRef, record.value);
    if (said?.lifecycle !== lifecycle) return this.#alarm('RESTRICTION_UNAUTHENTIC', record);
    if (isOfStanding && said.at < before.at) return this.#alarm('RESTRICTION_RETURNED', record);
    entry.said.set(lifecycle, said);
    const now = entry.restriction?.isRestricted ?? false;
    if (now !== (before?.isRestricted ?? false) && !this.#isFirst(record.partition)) {
      this.restricted.emit({ userRef: entry.userRef, isRestricted: now });
    }
  }

  /** With a fence, nothing need say any more that a key's time was over. */
  #endRetirements(entry: UserEntry, fence: Fence): void {
    for (const [kid, retirement] of entry.retired ?? []) {
      if (!endsWith(retirement, fence)) continue;
      entry.retired?.delete(kid);
      entry.dead.add(kid);
    }
  }

  #applyKey(entry: UserEntry, kid: string, record: StoredKeyLogRecord): void {
    const { value } = record;
    if (value === null) return this.#applyKeyTombstone(entry, kid, record);
    if (isRetirement(value)) return this.#applyRetirement(entry, kid, value, record);
    const name = { userRef: entry.userRef, kid };
    const opened = this.#parts.opener.open(name, value);
    if ('reason' in opened) {
      (entry.strays ??= new Map()).set(kid, { ...opened, offset: record.offset });
      if (!isLiving(entry, kid) && isDead(opened, entry)) entry.dead.add(kid);
      if (opened.reason === 'unauthentic') this.#alarm('KEY_RECORD_UNAUTHENTIC', record);
      else if (!this.#replays.has(record.partition)) this.#unreadable.raise(record.partition, record.offset);
      return;
    }
    entry.strays?.delete(kid);
    entry.dead.delete(kid);
    this.#applyOpenedKey(entry, kid, opened, record);
    opened.key.fill(0);
  }

  #applyOpenedKey(entry: UserEntry, kid: string, opened: OpenedKey, record: StoredKeyLogRecord): void {
    const fence = entry.fenceOf(opened);
    if (fence || entry.retired?.has(kid)) {
      entry.dead.add(kid);
      if (fence && this.#isListed(fence, opened.key)) this.#alarm('KEY_RETURNED', record);
      return;
    }
    const index = entry.keys.findIndex((candidate) => candidate.kid === kid);
    const standing = entry.keys[index];
    if (standing && !(isSameScope(standing, opened) && equalBytes(standing.key, opened.key))) {
      return this.#alarm('KEY_RECORD_CONFLICT', record);
    }
    const { lifecycle, purpose, generation, rotation, lifetimeSeconds, epoch } = opened;
    const madeAt = Math.min(
      opened.madeAt === 0 ? record.timestamp : opened.madeAt,
      standing?.madeAt ?? Infinity,
    );
    const facts = { kid, lifecycle, purpose, generation, rotation, lifetimeSeconds, epoch, madeAt };
    if (standing) entry.keys[index] = { ...standing, ...facts };
    else {
      const prefix = envelopePrefix({ userRef: entry.userRef, kid }, opened);
      entry.putKey({ ...facts, prefix, key: opened.key.slice(), uses: 0 });
    }
  }

  #applyRetirement(entry: UserEntry, kid: string, value: Uint8Array, record: StoredKeyLogRecord): void {
    const { sodium, subkeys } = this.#parts;
    const retirement = decodeRetirement(sodium, subkeys.fence, { userRef: entry.userRef, kid }, value);
    if (!retirement) {
      (entry.strays ??= new Map()).set(kid, { scope: null, reason: 'unauthentic', offset: record.offset });
      return this.#alarm('RETIREMENT_UNAUTHENTIC', record);
    }
    entry.strays?.delete(kid);
    entry.removeKeys((candidate) => candidate.kid === kid);
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
      this.#lose(entry, key, record);
    }
  }

  #lose(entry: UserEntry, { lifecycle, purpose, generation }: KeyScope, record: StoredKeyLogRecord): void {
    const replay = this.#replays.get(record.partition);
    if (replay) replay.lost.push({ entry, scope: { lifecycle, purpose, generation }, record });
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
    return !replay || (!replay.isFirst && (replay.forgotten.get(userRef) ?? 0) < lifecycle);
  }

  #count(entry: UserEntry, sign: 1 | -1): void {
    this.#counts.keys += sign * entry.keys.length;
    const { state } = entry;
    if (state === 'active') this.#counts.users += sign;
    if (state === 'forgotten') this.#counts.forgotten += sign;
  }

  #alarm(code: AlarmCode, { partition, offset }: Pick<StoredKeyLogRecord, 'partition' | 'offset'>): void {
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
