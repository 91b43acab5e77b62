import type { EnvelopeKey } from './crypto/envelope-engine.js';
import type { Fence, UserRef, UserState } from './keyring.js';

/** A user key that was read from the log and is not fenced. */
export interface UserKey extends EnvelopeKey {
  readonly kid: string;
  readonly lifecycle: number;
}

/** Why a key record that stands in the log cannot be used. */
export interface StrayRecord {
  /** The lifecycle it claims; null when it is not even shaped like a key record. */
  readonly lifecycle: number | null;
  readonly reason: 'unauthentic' | 'unreadable';
}

/** Everything the log says about one user. */
export class UserEntry {
  readonly userRef: UserRef;
  readonly partition: number;
  /** By lifecycle, ascending. */
  fences: Fence[] = [];
  /** Living keys in the order in which they were first seen. */
  keys: UserKey[] = [];
  /** The key to encrypt with: of the newest lifecycle, the one that stands first in the log. */
  current: UserKey | null = null;
  /** Kids of standing key records of fenced lifecycles. */
  readonly dead = new LazySet<string>();
  strays: Map<string, StrayRecord> | null = null;
  /** A fence that failed its check was seen. */
  forgedFence = false;

  constructor(userRef: UserRef, partition: number) {
    this.userRef = userRef;
    this.partition = partition;
  }

  /** The highest forgotten lifecycle; 0 when there is none. */
  get fenced(): number {
    return this.fences.at(-1)?.lifecycle ?? 0;
  }

  get state(): UserState {
    if (this.current) return 'active';
    return this.fences.length > 0 ? 'forgotten' : 'unknown';
  }

  /** The lifecycle of living keys, or the last forgotten one; 1 for a user that never was. */
  get lifecycle(): number {
    return this.current?.lifecycle ?? Math.max(1, this.fenced);
  }

  /** The fence that covers a lifecycle: the first that reaches it. */
  fenceOf(lifecycle: number): Fence | null {
    return this.fences.find((fence) => fence.lifecycle >= lifecycle) ?? null;
  }

  /** Replaces a fence of the same lifecycle (the log's last word); true when the lifecycle had none. */
  putFence(fence: Fence): boolean {
    const others = this.fences.filter(({ lifecycle }) => lifecycle !== fence.lifecycle);
    const isNew = others.length === this.fences.length;
    this.fences = [...others, fence].sort((a, b) => a.lifecycle - b.lifecycle);
    return isNew;
  }

  putKey(key: UserKey): void {
    this.keys.push(key);
    this.#choose();
  }

  /** Takes the keys out that `isGone` names, and returns them. */
  removeKeys(isGone: (key: UserKey) => boolean): UserKey[] {
    const gone = this.keys.filter(isGone);
    if (gone.length > 0) this.keys = this.keys.filter((key) => !isGone(key));
    this.#choose();
    return gone;
  }

  #choose(): void {
    let chosen: UserKey | null = null;
    for (const key of this.keys) if (!chosen || key.lifecycle > chosen.lifecycle) chosen = key;
    this.current = chosen;
  }
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
