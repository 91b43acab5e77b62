import { Emitter } from './emitter.js';

export type AlarmCode =
  | 'FENCE_UNAUTHENTIC'
  | 'FENCE_TOMBSTONED'
  | 'KEY_RECORD_UNAUTHENTIC'
  | 'KEY_RECORD_UNREADABLE'
  | 'KEY_RECORD_CONFLICT'
  | 'KEY_LOST'
  | 'KEY_RETURNED'
  | 'RETIREMENT_UNAUTHENTIC'
  | 'RESTRICTION_UNAUTHENTIC'
  | 'RESTRICTION_TOMBSTONED'
  | 'RESTRICTION_RETURNED'
  | 'PEPPER_UNAUTHENTIC'
  | 'PEPPER_UNREADABLE'
  | 'PEPPER_LOST'
  | 'DEPLOYMENT_CHANGED'
  | 'DEPLOYMENT_LOCKED'
  | 'RECORD_UNKNOWN'
  | 'RECORD_MISPLACED'
  | 'DEAD_RECORD_NOT_BURIED';

/** Something in the key log that nobody of this deployment can have meant. Carries no personal value. */
export interface Alarm {
  readonly code: AlarmCode;
  readonly partition: number;
  /** Of the last one, where it tells of several. */
  readonly offset: bigint;
  /** Records that it tells of: more than 1 where a whole topic gives the same alarm for one cause. */
  readonly count: number;
  readonly message: string;
}

const MESSAGES: Record<AlarmCode, string> = {
  FENCE_UNAUTHENTIC: 'a fence without a valid MAC: it erases nothing. Find out who writes to the key topic',
  FENCE_TOMBSTONED:
    'a fence was tombstoned: after compaction nothing says that this user was forgotten. Restore it',
  KEY_RECORD_UNAUTHENTIC:
    'a key record that was changed, moved or forged: ignored. Find out who writes to the key topic',
  KEY_RECORD_UNREADABLE:
    'a key record of a later version or master-key epoch: ignored. Update this process and its key file',
  KEY_RECORD_CONFLICT: 'a second, different key under a key id that is taken: ignored',
  KEY_LOST:
    'a user key was tombstoned without a fence: its data cannot be read and was not erased. Restore the key topic',
  KEY_RETURNED:
    'a key that was forgotten stands in the log again: dead, and to be buried. A restored or replayed log, or a re-wrap that a forgetting overtook',
  RETIREMENT_UNAUTHENTIC:
    'the statement that a key ended has no valid MAC: it ends nothing. Find out who writes to the key topic',
  RESTRICTION_UNAUTHENTIC:
    'a restriction without a valid MAC: it restricts nobody and lifts nothing. Find out who writes to the key topic',
  RESTRICTION_TOMBSTONED:
    'a restriction was tombstoned: it stands here, and a process that starts after compaction knows nothing of it. Restrict the user again',
  RESTRICTION_RETURNED:
    'an older restriction, or an older lifting of one, stands behind the last: ignored here, but not by a process that starts after compaction. Say anew what holds',
  PEPPER_UNAUTHENTIC:
    'a pepper of look-ups that was changed, moved or forged: ignored. Find out who writes to the key topic',
  PEPPER_UNREADABLE:
    'a pepper of look-ups of a later version or master-key epoch: what was hashed with it is not found here. Update this process and its key file',
  PEPPER_LOST:
    'the pepper of look-ups in use was tombstoned: nothing is found by it until the rows are hashed anew, which needs nothing but the rows',
  DEPLOYMENT_CHANGED:
    'the deployment record was tombstoned, changed or rivalled: this process goes on, but none can start any more. docs/key-loss.md says how to restore it',
  DEPLOYMENT_LOCKED:
    'the master-key epoch was turned, and the new one is not at hand: new keys cannot be read here. Give this process the new master key',
  RECORD_UNKNOWN: 'a record whose key no version up to this one knows: ignored',
  RECORD_MISPLACED: "a user's record in a partition that is not the user's: ignored",
  DEAD_RECORD_NOT_BURIED:
    'a key record of a forgotten user could not be tombstoned yet: it stays listed as dead',
};

/** Alarms kept for the first listener, so that those of the first replay are not lost. */
const KEPT = 256;

export class Alarms {
  readonly #emitter = new Emitter<Alarm>();
  #kept: Alarm[] = [];

  raise(code: AlarmCode, partition: number, offset: bigint, count = 1): void {
    const place = `Key topic, partition ${partition}, offset ${offset}`;
    const more = count === 1 ? '' : `the last of ${count} more: `;
    const alarm = { code, partition, offset, count, message: `${place}: ${more}${MESSAGES[code]}.` };
    if (!this.#emitter.silent) this.#emitter.emit(alarm);
    else if (this.#kept.length < KEPT) this.#kept.push(alarm);
  }

  /** Hands over what was raised before anybody listened (the first 256), then everything new. */
  subscribe(listener: (alarm: Alarm) => void): () => void {
    const kept = this.#kept;
    this.#kept = [];
    const unsubscribe = this.#emitter.subscribe(listener);
    for (const alarm of kept) listener(alarm);
    return unsubscribe;
  }

  clear(): void {
    this.#emitter.clear();
    this.#kept = [];
  }
}
