import type { Alarms, AlarmCode } from './alarms.js';
import { mayFollow, type StandingDeployment } from './deployment.js';
import { Emitter } from './emitter.js';
import { envelopePrefix } from './envelope.js';
import { decodeFence } from './fence-record.js';
import type { StoredKeyLogRecord } from './key-log.js';
import { readKeyRecordClaim, unwrapKeyRecord, type WrappingKey } from './key-record.js';
import { KeySlab } from './key-slab.js';
import type { Fence } from './keyring.js';
import { parseRecordKey } from './record-keys.js';
import { equalBytes, type Sodium } from './crypto/sodium.js';
import type { Subkeys } from './subkeys.js';
import { UserEntry, type StrayRecord } from './user-entry.js';
import { partitionOfUser } from './user-ref.js';

interface Secrets {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly wrappingKeys: readonly WrappingKey[];
  readonly partitionCount: number;
  readonly deployment: StandingDeployment;
}

interface LostKey {
  readonly entry: UserEntry;
  readonly lifecycle: number;
  readonly record: StoredKeyLogRecord;
}

/**
 * What the key log says, user by user. Only applying a record that was read from the log changes it,
 * so memory and log cannot disagree (SPEC.md, section 9). Applying never throws: a record that does not belong is an alarm.
 */
export class UserTable {
  readonly #secrets: Secrets;
  readonly #alarms: Alarms;
  readonly #users = new Map<string, UserEntry>();
  readonly #slab = new KeySlab();
  readonly #withDead = new Set<UserEntry>();
  readonly forgotten = new Emitter<Fence>();
  readonly #counts = { users: 0, keys: 0, forgotten: 0 };
  /** Tombstones of the first replay whose fence may still come; null once it is over. */
  #lost: LostKey[] | null = [];

  constructor(secrets: Secrets, alarms: Alarms) {
    this.#secrets = secrets;
    this.#alarms = alarms;
  }

  get(userRef: string): UserEntry | undefined {
    return this.#users.get(userRef);
  }

  entries(): Iterable<UserEntry> {
    return this.#users.values();
  }

  /** Users with key records of a fenced lifecycle still standing. */
  entriesWithDead(): Iterable<UserEntry> {
    return this.#withDead;
  }

  get counts(): { users: number; keys: number; forgotten: number } {
    return { ...this.#counts };
  }

  apply(record: StoredKeyLogRecord): void {
    const name = parseRecordKey(record.key);
    if (!name) return this.#alarm('RECORD_UNKNOWN', record);
    if (name.kind === 'deployment') return this.#watchDeployment(name.id, record);
    if (name.kind === 'nudge') return;
    if (partitionOfUser(name.userRef, this.#secrets.partitionCount) !== record.partition) {
      return this.#alarm('RECORD_MISPLACED', record);
    }
    const known = this.#users.get(name.userRef);
    if (record.value === null && !known) return;
    const entry = known ?? new UserEntry(name.userRef, record.partition);
    if (!known) this.#users.set(name.userRef, entry);
    this.#count(entry, -1);
    if (name.kind === 'fence') this.#applyFence(entry, name.lifecycle, record);
    else this.#applyKey(entry, name.kid, record);
    this.#count(entry, 1);
    if (entry.dead.size > 0) this.#withDead.add(entry);
    else this.#withDead.delete(entry);
  }

  /** Ends the first replay: a key that was tombstoned and has no fence by now was lost. */
  endReplay(): void {
    for (const { entry, lifecycle, record } of this.#lost ?? []) {
      if (!entry.fenceOf(lifecycle)) this.#alarm('KEY_LOST', record);
    }
    this.#lost = null;
  }

  wipe(): void {
    this.#slab.wipe();
    this.#users.clear();
    this.#withDead.clear();
    this.forgotten.clear();
  }

  /** Nothing changes in this process; the next start would find what is written here. */
  #watchDeployment(id: string, record: StoredKeyLogRecord): void {
    const { deployment } = this.#secrets;
    if (this.#lost !== null || id !== deployment.id) return;
    if (!mayFollow(deployment, record.value)) this.#alarm('DEPLOYMENT_CHANGED', record);
  }

  #applyFence(entry: UserEntry, lifecycle: number, record: StoredKeyLogRecord): void {
    if (record.value === null) {
      if (entry.fences.some((fence) => fence.lifecycle === lifecycle))
        this.#alarm('FENCE_TOMBSTONED', record);
      return;
    }
    const { sodium, subkeys } = this.#secrets;
    const fence = decodeFence(sodium, subkeys.fence, entry.userRef, record.value);
    if (fence?.lifecycle !== lifecycle) {
      entry.forgedFence = true;
      return this.#alarm('FENCE_UNAUTHENTIC', record);
    }
    const isNew = entry.putFence(fence);
    for (const key of entry.removeKeys((candidate) => candidate.lifecycle <= lifecycle)) {
      this.#slab.release(key.key);
      entry.dead.add(key.kid);
    }
    // The next lifecycle begins after this fence: what stood before it ends with it, whatever it claims.
    for (const [kid, stray] of entry.strays ?? []) if (isNew || isDead(stray, entry)) entry.dead.add(kid);
    if (isNew && !this.#lost) this.forgotten.emit(fence);
  }

  #applyKey(entry: UserEntry, kid: string, record: StoredKeyLogRecord): void {
    if (record.value === null) return this.#applyKeyTombstone(entry, kid, record);
    const opened = this.#openKeyRecord(entry, kid, record.value);
    if ('reason' in opened) {
      (entry.strays ??= new Map()).set(kid, opened);
      if (isDead(opened, entry)) entry.dead.add(kid);
      return this.#alarm(
        opened.reason === 'unreadable' ? 'KEY_RECORD_UNREADABLE' : 'KEY_RECORD_UNAUTHENTIC',
        record,
      );
    }
    const { lifecycle, key } = opened;
    entry.strays?.delete(kid);
    const standing = entry.keys.find((candidate) => candidate.kid === kid);
    if (entry.fenceOf(lifecycle)) entry.dead.add(kid);
    else if (!standing) {
      const prefix = envelopePrefix(entry.userRef, kid, lifecycle);
      entry.putKey({ kid, lifecycle, prefix, key: this.#slab.keep(key) });
    } else if (standing.lifecycle !== lifecycle || !equalBytes(standing.key, key)) {
      this.#alarm('KEY_RECORD_CONFLICT', record);
    }
    key.fill(0);
  }

  #applyKeyTombstone(entry: UserEntry, kid: string, record: StoredKeyLogRecord): void {
    entry.dead.delete(kid);
    entry.strays?.delete(kid);
    for (const key of entry.removeKeys((candidate) => candidate.kid === kid)) {
      this.#slab.release(key.key);
      if (this.#lost) this.#lost.push({ entry, lifecycle: key.lifecycle, record });
      else this.#alarm('KEY_LOST', record);
    }
  }

  #openKeyRecord(
    entry: UserEntry,
    kid: string,
    value: Uint8Array,
  ): { lifecycle: number; key: Uint8Array } | StrayRecord {
    const claim = readKeyRecordClaim(value);
    if (!claim) return { lifecycle: null, reason: 'unauthentic' };
    if (claim === 'unknown-version') return { lifecycle: Infinity, reason: 'unreadable' };
    const { sodium, wrappingKeys } = this.#secrets;
    const { epoch, lifecycle } = claim;
    const wrapping = wrappingKeys.find((candidate) => candidate.epoch === epoch);
    if (!wrapping) return { lifecycle, reason: 'unreadable' };
    const identity = { userRef: entry.userRef, kid, lifecycle };
    const key = unwrapKeyRecord(sodium, wrapping, identity, value);
    return key ? { lifecycle, key } : { lifecycle: null, reason: 'unauthentic' };
  }

  #count(entry: UserEntry, sign: 1 | -1): void {
    this.#counts.keys += sign * entry.keys.length;
    if (entry.state === 'active') this.#counts.users += sign;
    if (entry.state === 'forgotten') this.#counts.forgotten += sign;
  }

  #alarm(code: AlarmCode, { partition, offset }: StoredKeyLogRecord): void {
    this.#alarms.raise(code, partition, offset);
  }
}

/**
 * A record of no use under a user with a fence. One that a later version or epoch may have written for a new lifecycle
 * is left alone: this process cannot tell that it is not a living key.
 */
function isDead(stray: StrayRecord, entry: UserEntry): boolean {
  return entry.fenced > 0 && (stray.lifecycle ?? 0) <= entry.fenced;
}
