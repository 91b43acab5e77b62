import type { AlarmCode, Alarms } from './alarms.js';
import type { CountedAlarm } from './counted-alarm.js';
import type { Sodium } from './crypto/sodium.js';
import type { Emitter } from './emitter.js';
import { decodeFence, keyFingerprint } from './fence-record.js';
import type { StoredKeyLogRecord } from './key-log.js';
import type { KeyOpener, OpenedKey } from './key-opener.js';
import { endsWith, GENERAL_PURPOSE, isSameScope, type KeyScope } from './key-scope.js';
import type { Fence, RestrictionChange } from './keyring.js';
import type { Replays } from './replays.js';
import { decodeRetirement, isRetirement } from './retirement-record.js';
import { decodeRestriction } from './restriction-record.js';
import type { Subkeys } from './subkeys.js';
import type { StrayRecord, UserEntry } from './user-entry.js';
import type { UserStore } from './user-store.js';

export interface UserRecordsParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly opener: KeyOpener;
  readonly store: UserStore;
  readonly replays: Replays;
  readonly alarms: Alarms;
  readonly unreadable: CountedAlarm;
  readonly forgotten: Emitter<Fence>;
  readonly restricted: Emitter<RestrictionChange>;
}

/** What a record of the key log changes in what is known of its user (SPEC.md, section 9). Nothing here throws. */
export class UserRecords {
  readonly #parts: UserRecordsParts;

  constructor(parts: UserRecordsParts) {
    this.#parts = parts;
  }

  applyFence(entry: UserEntry, name: KeyScope, record: StoredKeyLogRecord): void {
    const standing = entry.fences.some((fence) => isSameScope(fence, name));
    if (record.value === null) {
      if (standing) this.#alarm('FENCE_TOMBSTONED', record);
      return;
    }
    const { sodium, subkeys, store, replays, forgotten } = this.#parts;
    const fence = decodeFence(sodium, subkeys.fence, entry.userRef, record.value);
    if (!fence || !isSameScope(fence, name)) {
      entry.forgedFence = true;
      return this.#alarm('FENCE_UNAUTHENTIC', record);
    }
    const isNew = entry.putFence(fence);
    for (const key of entry.removeKeys((candidate) => endsWith(candidate, fence))) {
      store.release(key);
      entry.dead.add(key.kid);
    }
    this.#endRetirements(entry, fence);
    if (entry.restriction && entry.restriction.lifecycle <= entry.fenced) entry.restriction = null;
    // The next lifecycle begins after this fence: what stood before it ends with it, whatever it claims.
    const isWhole = fence.purpose === GENERAL_PURPOSE;
    for (const [kid, stray] of entry.strays ?? []) {
      if (!isLiving(entry, kid) && ((isWhole && isNew) || isDead(stray, entry))) entry.dead.add(kid);
    }
    if (isNew && replays.isNews(fence, record.partition)) forgotten.emit(fence);
  }

  /** What somebody else wrote in its place neither restricts nor lifts: what was said last stays. */
  applyRestriction(entry: UserEntry, lifecycle: number, record: StoredKeyLogRecord): void {
    const { sodium, subkeys, replays, restricted } = this.#parts;
    const standing = entry.restriction;
    if (record.value === null) {
      if (standing?.lifecycle === lifecycle) this.#alarm('RESTRICTION_TOMBSTONED', record);
      return;
    }
    const said = decodeRestriction(sodium, subkeys.fence, entry.userRef, record.value);
    if (said?.lifecycle !== lifecycle) return this.#alarm('RESTRICTION_UNAUTHENTIC', record);
    if (lifecycle <= entry.fenced || lifecycle < (standing?.lifecycle ?? 0)) return;
    if (standing?.lifecycle === lifecycle && said.at < standing.at) {
      return this.#alarm('RESTRICTION_RETURNED', record);
    }
    entry.restriction = said;
    const { isRestricted } = said;
    if (isRestricted !== (standing?.isRestricted ?? false) && !replays.isFirst(record.partition)) {
      restricted.emit({ userRef: entry.userRef, isRestricted });
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

  applyKey(entry: UserEntry, owner: number, kid: string, record: StoredKeyLogRecord): void {
    const { value } = record;
    if (value === null) return this.#applyKeyTombstone(entry, kid, record);
    if (isRetirement(value)) return this.#applyRetirement(entry, kid, value, record);
    const name = { userRef: entry.userRef, kid };
    const opened = this.#parts.opener.open(name, value);
    if ('reason' in opened) {
      (entry.strays ??= new Map()).set(kid, { ...opened, offset: record.offset });
      if (!isLiving(entry, kid) && isDead(opened, entry)) entry.dead.add(kid);
      if (opened.reason === 'unauthentic') return this.#alarm('KEY_RECORD_UNAUTHENTIC', record);
      if (!this.#parts.replays.sawUnreadable(record.partition)) {
        this.#parts.unreadable.raise(record.partition, record.offset);
      }
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
    const { store, replays } = this.#parts;
    const fence = entry.fenceOf(opened);
    if (fence || entry.retired?.has(kid)) {
      entry.dead.add(kid);
      if (fence && this.#isListed(fence, opened.key)) this.#alarm('KEY_RETURNED', record);
      return;
    }
    const index = entry.keys.findIndex((candidate) => candidate.kid === kid);
    const standing = entry.keys[index];
    if (standing && !(isSameScope(standing, opened) && store.isKey(standing, opened.key))) {
      return this.#alarm('KEY_RECORD_CONFLICT', record);
    }
    // The same record again, by a mirror or by somebody who wants the key to live longer, makes it no younger.
    const madeAt = Math.min(
      opened.madeAt === 0 ? record.timestamp : opened.madeAt,
      standing?.madeAt ?? Infinity,
    );
    const identity = { kid, madeAt, offset: Number(record.offset) };
    const held = standing?.state.held ?? store.keep(opened.key, owner, replays.mayEvict(record.partition));
    const key = store.newKey(entry.userRef, opened, identity, held, standing?.uses ?? 0);
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
    for (const key of entry.removeKeys((candidate) => candidate.kid === kid)) this.#parts.store.release(key);
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
      this.#parts.store.release(key);
      this.#lose(entry, key, record);
    }
  }

  #lose({ userRef }: UserEntry, scope: KeyScope, record: StoredKeyLogRecord): void {
    if (!this.#parts.replays.lost(userRef, scope, record)) this.#alarm('KEY_LOST', record);
  }

  #isListed(fence: Fence, key: Uint8Array): boolean {
    const { sodium, subkeys } = this.#parts;
    return fence.fingerprints.includes(keyFingerprint(sodium, subkeys.fingerprint, key));
  }

  #alarm(code: AlarmCode, { partition, offset }: StoredKeyLogRecord): void {
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
