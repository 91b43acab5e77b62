import type { Alarm } from './alarms.js';
import type { EpochOptions, EpochTurn } from './epoch-options.js';
import type { KeyScope } from './key-scope.js';
import type { Outcome } from './outcome.js';
import type { Peppers } from './peppers/peppers.js';

/** Pseudonym of a user: 32 lower-case hex digits, a keyed hash of the user id (SPEC.md). */
export type UserRef = string & { readonly __brand: 'UserRef' };

/** What a ciphertext is bound to (associated data): moved anywhere else, it does not open. */
export interface Binding {
  /** The declared logical stream name, not the physical topic. */
  readonly stream: string;
  /** The writer's event type. */
  readonly type: string;
  readonly eventId: string;
  /** Path of the field in the event, e.g. `email` or `address.city`; empty for a whole value. */
  readonly path: string;
}

export type UserState = 'unknown' | 'active' | 'forgotten';

/**
 * The authenticated statement that keys are forgotten: of the general purpose, all of the user's up to `lifecycle`; of another one, that
 * purpose's in this lifecycle up to `generation`.
 */
export interface Fence extends KeyScope {
  readonly userRef: UserRef;
  /** ms since the Unix epoch. */
  readonly erasedAt: number;
  /** Fingerprints (hex) of the keys that were tombstoned with it. */
  readonly fingerprints: readonly string[];
}

/** The standing statement that a user's data is kept and not processed (Art. 18 GDPR). */
export interface Restriction {
  readonly userRef: UserRef;
  readonly lifecycle: number;
  /** ms since the Unix epoch. */
  readonly since: number;
}

/** That a user was restricted, or that it was lifted. */
export interface RestrictionChange {
  readonly userRef: UserRef;
  readonly isRestricted: boolean;
}

/** A key record that landed after its user's fence: never loaded, to be tombstoned by whoever finds it. */
export interface DeadRecord {
  readonly userRef: UserRef;
  readonly kid: string;
  readonly partition: number;
}

/** A living or forgotten user, with the ids of its living keys. */
export interface ListedUser {
  readonly userRef: UserRef;
  readonly state: UserState;
  readonly lifecycle: number;
  readonly kids: readonly string[];
}

/**
 * User keys by pseudonym. All synchronous calls work on memory; asynchronous ones talk to the key log. After `close` they refuse with
 * `KEYRING_CLOSED`, but for `open` (`unavailable: closed`), `isFresh` (false), `size` (what was last known) and `partitionOf`.
 */
export interface Keyring {
  /** The secrets of equality look-ups. */
  readonly peppers: Peppers;
  /** Pseudonym of a user id. Throws `USER_ID_INVALID` for an empty id or one of more than 512 UTF-8 bytes. */
  userRef(userId: string): UserRef;
  /** The partition of the key log that holds everything about this user. */
  partitionOf(userRef: UserRef): number;
  state(userRef: UserRef): UserState;
  fence(userRef: UserRef): Fence | null;
  /** null: the user's data may be processed. */
  restriction(userRef: UserRef): Restriction | null;
  /** All that stand. */
  restrictions(): Restriction[];
  /** True when the user withdrew the purpose and did not grant it anew; false for a user that is forgotten. Throws `PURPOSE_INVALID`. */
  isWithdrawn(userRef: UserRef, purpose: string): boolean;
  /**
   * Makes sure that each user has a key for the purpose (default: the general one) that was written and read back and is not worn out by
   * its policy, minting in batches a partition what is missing. Rejects with `USER_FORGOTTEN` or `PURPOSE_WITHDRAWN` (names no id) when
   * that happened to one of them, `KEYRING_UNAVAILABLE` (retriable) when the log cannot be reached.
   */
  ensureKeys(userRefs: Iterable<UserRef>, purpose?: string): Promise<void>;
  /**
   * True when the user's key for the purpose can be used as it is: `ensureKeys` would find nothing to do, and `seal` may be called at
   * once. For whoever seals one value after another, and need not wait for what is there.
   */
  hasKey(userRef: UserRef, purpose?: string): boolean;
  /** Makes a new key for each user, for what is written from then on; old ones still read. Rejects as `ensureKeys`. */
  rotate(userRefs: Iterable<UserRef>, purpose?: string): Promise<void>;
  /**
   * Encrypts under the user's current key for the purpose; `ensureKeys` must have resolved. Throws `USER_FORGOTTEN`, `PURPOSE_WITHDRAWN`
   * or `KEY_MISSING`.
   */
  seal(userRef: UserRef, binding: Binding, plaintext: Uint8Array, purpose?: string): Uint8Array;
  /**
   * Opens an envelope. A kid that was not seen yet gives `unavailable: key-not-seen`, one whose time is over by the wall clock alone
   * `unavailable: end-unconfirmed`; after `await catchUp(...)` call again with `{ caughtUp: true }`. A kid that is still absent without a
   * fence is `invalid: key-unknown` then (an alarm).
   */
  open(
    binding: Binding,
    envelope: Uint8Array,
    options?: { readonly caughtUp?: boolean },
  ): Outcome<Uint8Array>;
  /** The pseudonym in an envelope's header after its MAC was checked; null when the header is not authentic. */
  userRefOf(envelope: Uint8Array): UserRef | null;
  /** Read barrier on the partitions of these users. Where the wall clock alone says that a key of theirs ended, the log is asked for its time. */
  catchUp(userRefs: Iterable<UserRef>): Promise<void>;
  /**
   * Writes the fence and a tombstone for every known kid as one batch, reads it back, evicts and zeroes the keys.
   * Again for a forgotten user: the same fence. For a user that never had a key: a fence all the same.
   */
  forget(userRef: UserRef): Promise<Fence>;
  /** The same for many users in batches, in the order asked; what was done stays done when it rejects. */
  forgetMany(userRefs: readonly UserRef[]): Promise<Fence[]>;
  /**
   * Forgets one purpose of a user (Art. 7(3) GDPR: consent withdrawn): a fence and tombstones for its keys alone. For a forgotten user:
   * the user's fence. Again: the same fence.
   */
  withdraw(userRef: UserRef, purpose: string): Promise<Fence>;
  /** Begins a withdrawn purpose anew; what was written before stays erased. Rejects with `PURPOSE_NOT_WITHDRAWN`, `USER_FORGOTTEN`. */
  grant(userRef: UserRef, purpose: string): Promise<void>;
  /**
   * Writes that the user's data is restricted, and reads it back: from then on nothing of it opens here, and nowhere else once that was
   * heard, for which `catchUp` waits and the lease sets the bound. What is written from then on can be sealed. Again: the same. Rejects
   * with `USER_FORGOTTEN`, `KEYRING_UNAVAILABLE` (retriable).
   */
  restrict(userRef: UserRef): Promise<Restriction>;
  /** Takes that back; for a user that is not restricted it writes nothing. Rejects as `restrict`. */
  liftRestriction(userRef: UserRef): Promise<void>;
  /**
   * Runs `work`, for which this user's data opens as if it were not restricted (Art. 18(2) GDPR), until it settles. Whoever calls it
   * accounts for why; other code that runs meanwhile, and what `work` leaves running, sees the restriction as it stands.
   */
  withPermit<T>(userRef: UserRef, work: () => Promise<T>): Promise<T>;
  /** Overwrites the records of keys whose time is over by the statement of that; returns how many. Any process may do it. */
  retireEnded(): Promise<number>;
  /** Starts a new lifecycle for a forgotten user id (design §4.6): the only way to register it again. */
  beginLifecycle(userRef: UserRef): Promise<number>;
  /**
   * MAC of a statement under a key of this deployment (SPEC.md, section 2), 16 bytes: for what privacy keeps where others may write. Begin
   * the statement with a text of its own kind.
   */
  authenticate(statement: Uint8Array): Uint8Array;
  /**
   * Pseudonym of what tells a user's records apart (SPEC.md, section 3), 32 lower-case hex digits: the same text of another user has
   * another. `text` is well-formed Unicode.
   */
  recordName(userRef: UserRef, text: string): string;
  /** True while no part of the key topic was out of reach for longer than the lease: keys may be used. */
  readonly isFresh: boolean;
  /**
   * Turns the master-key epoch, or goes on with a turn that was cut short: resolves when every living key was wrapped anew and the old
   * master key was destroyed, or with a key service that takes its time over that, is to be. Rejects with `KEYRING_UNAVAILABLE`, or what the master keys reject with.
   */
  advanceEpoch(options?: EpochOptions): Promise<EpochTurn>;
  /** Key records found after their fence, not yet tombstoned; `buryDead` tombstones them. */
  deadRecords(): readonly DeadRecord[];
  buryDead(): Promise<number>;
  /** Number of living users and keys, for metrics. */
  size(): { users: number; keys: number; forgotten: number };
  /** Living and forgotten users by pseudonym (for `keys list`). */
  list(): Iterable<ListedUser>;
  /** Called with every newly seen fence, after eviction. Returns the unsubscribe. */
  onForgotten(listener: (fence: Fence) => void): () => void;
  /**
   * Called when a user was restricted or that was lifted. What stood before this keyring opened is not told; what is read anew after an
   * absence may be told again.
   */
  onRestriction(listener: (change: RestrictionChange) => void): () => void;
  /** Called with every alarm (forged fence, tampered key record…): carries no personal value. Many of one cause come as counts. */
  onAlarm(listener: (alarm: Alarm) => void): () => void;
  close(): Promise<void>;
}
