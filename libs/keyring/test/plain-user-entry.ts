import type { EnvelopeKey } from '../src/crypto/envelope-engine.js';
import { endsWith, GENERAL_PURPOSE, type KeyScope, type PurposeTag } from '../src/key-scope.js';
import type { Fence, UserRef, UserState } from '../src/keyring.js';
import type { RestrictionStatement } from '../src/restriction-record.js';
import type { Retirement } from '../src/retirement-record.js';

/** A user key that was read from the log and is not fenced. */
export interface UserKey extends EnvelopeKey, KeyScope {
  readonly kid: string;
  readonly rotation: number;
  /** By the log's time, ms since the Unix epoch. */
  readonly madeAt: number;
  readonly lifetimeSeconds: number;
  /** Of its wrapping key. */
  readonly epoch: number;
  /** Values that this process sealed with it. */
  uses: number;
}

/** Why a key record that stands in the log cannot be used. */
export interface StrayRecord {
  /** The scope that it claims; null when it is not even shaped like a key record; 'later' in a later version's shape. */
  readonly scope: KeyScope | 'later' | null;
  readonly reason: 'unauthentic' | 'unreadable';
  readonly offset: bigint;
}

/** Everything the log says about one user. */
export class UserEntry {
  readonly userRef: UserRef;
  readonly partition: number;
  /** By lifecycle, ascending, then by generation; those of purposes before that of the lifecycle. */
  fences: Fence[] = [];
  /** Living keys in the order in which they were first seen. */
  keys: UserKey[] = [];
  /** Keys whose time was over, by kid. */
  retired: Map<string, Retirement> | null = null;
  /** Kids of standing key records that are fenced or retired. */
  readonly dead = new LazySet<string>();
  strays: Map<string, StrayRecord> | null = null;
  /** A fence that failed its check was seen. */
  forgedFence = false;
  /** The last of each lifecycle. */
  readonly said = new Map<number, RestrictionStatement>();

  constructor(userRef: UserRef, partition: number) {
    this.userRef = userRef;
    this.partition = partition;
  }

  /** Of the newest lifecycle of which anything is said, unless it is over. */
  get restriction(): RestrictionStatement | null {
    const newest = Math.max(0, ...this.said.keys());
    return newest > this.fenced ? (this.said.get(newest) ?? null) : null;
  }

  /** The highest forgotten lifecycle; 0 when there is none. */
  get fenced(): number {
    let highest = 0;
    for (const { purpose, lifecycle } of this.fences) {
      if (purpose === GENERAL_PURPOSE && lifecycle > highest) highest = lifecycle;
    }
    return highest;
  }

  get state(): UserState {
    const { fenced } = this;
    if (this.#begun() > fenced) return 'active';
    return fenced > 0 ? 'forgotten' : 'unknown';
  }

  /** The lifecycle that the user is in, or the last forgotten one; 1 for a user that never was. */
  get lifecycle(): number {
    return Math.max(1, this.fenced, this.#begun());
  }

  /** The generation that the purpose is in, in this lifecycle, or the last withdrawn one; 1 for one that never was. */
  generationOf(purpose: PurposeTag): number {
    const { lifecycle } = this;
    let highest = 1;
    for (const scope of this.#known()) {
      if (scope.lifecycle === lifecycle && scope.purpose === purpose) {
        highest = Math.max(highest, scope.generation);
      }
    }
    return highest;
  }

  /** The fence that ends a scope: that of its purpose, or the first of the user that reaches it. */
  fenceOf(scope: KeyScope): Fence | null {
    return this.fences.find((fence) => endsWith(scope, fence)) ?? null;
  }

  /** Replaces a fence of the same scope (the log's last word); true when the scope had none. */
  putFence(fence: Fence): boolean {
    const others = this.fences.filter(
      ({ lifecycle, purpose, generation }) =>
        lifecycle !== fence.lifecycle || purpose !== fence.purpose || generation !== fence.generation,
    );
    const isNew = others.length === this.fences.length;
    this.fences = [...others, fence].sort(inOrder);
    return isNew;
  }

  /** The key to encrypt with: of the newest generation and rotation, the one that stands first in the log. */
  current(purpose: PurposeTag): UserKey | null {
    let chosen: UserKey | null = null;
    for (const key of this.keys) if (key.purpose === purpose && isNewer(key, chosen)) chosen = key;
    return chosen;
  }

  putKey(key: UserKey): void {
    this.keys.push(key);
  }

  /** Takes the keys out that `isGone` names, and returns them. */
  removeKeys(isGone: (key: UserKey) => boolean): UserKey[] {
    const gone = this.keys.filter(isGone);
    if (gone.length > 0) this.keys = this.keys.filter((key) => !isGone(key));
    return gone;
  }

  /** The newest lifecycle that anything but the user's fence tells of; 0 for none. */
  #begun(): number {
    let highest = 0;
    for (const { lifecycle } of this.#known()) highest = Math.max(highest, lifecycle);
    return highest;
  }

  *#known(): Iterable<KeyScope> {
    yield* this.keys;
    for (const fence of this.fences) if (fence.purpose !== GENERAL_PURPOSE) yield fence;
    if (this.retired !== null) yield* this.retired.values();
  }
}

function isNewer(key: UserKey, than: UserKey | null): boolean {
  if (than === null) return true;
  return (
    (key.lifecycle - than.lifecycle || key.generation - than.generation || key.rotation - than.rotation) > 0
  );
}

function inOrder(a: Fence, b: Fence): number {
  if (a.lifecycle !== b.lifecycle) return a.lifecycle - b.lifecycle;
  const isGeneral = ({ purpose }: Fence): number => (purpose === GENERAL_PURPOSE ? 1 : 0);
  return isGeneral(a) - isGeneral(b) || a.generation - b.generation;
}

/** A set that costs nothing while it is empty: there is one a user. */
class LazySet<T> implements Iterable<T> {
  #set: Set<T> | null = null;

  get size(): number {
    return this.#set?.size ?? 0;
  }

  add(value: T): void {
    (this.#set ??= new Set()).add(value);
  }

  delete(value: T): void {
    this.#set?.delete(value);
    if (this.#set?.size === 0) this.#set = null;
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#set ?? [])[Symbol.iterator]();
  }
}
