import { envelopePrefix } from './envelope.js';
import type { EnvelopeKey } from './crypto/envelope-engine.js';
import type { KeyScope, PurposeTag } from './key-scope.js';
import type { KeySlab } from './key-slab.js';
import type { UserRef } from './keyring.js';

/** What the keys of many users have in common. */
export interface KeyProfile extends KeyScope {
  readonly rotation: number;
  readonly lifetimeSeconds: number;
  /** Of the wrapping key. */
  readonly epoch: number;
}

/** What is one key's own. */
export interface KeyIdentity {
  readonly kid: string;
  /** By the log's time, ms since the Unix epoch. */
  readonly madeAt: number;
  /** Where its record stands in the user's partition. */
  readonly offset: number;
}

/** What changes of a key without a record: it lies in the table's row, or in an object. */
export interface KeyState {
  /** The key's place in the slab, or `notHeld(check)`. */
  held: number;
  /** Values that this process sealed with it; counts up to 2^32 - 1. */
  uses: number;
}

const NOT_HELD = 0x80000000;

/** Says that the bytes are not in memory. `check`: what is remembered of them, the first 31 bits of a keyed hash. */
export function notHeld(check: number): number {
  return (NOT_HELD | check) >>> 0;
}

export function isHeld(held: number): boolean {
  return held < NOT_HELD;
}

/** A user key that was read from the log and is not fenced. */
export class UserKey implements KeyProfile, KeyIdentity {
  readonly lifecycle: number;
  readonly purpose: PurposeTag;
  readonly generation: number;
  readonly rotation: number;
  readonly lifetimeSeconds: number;
  readonly epoch: number;
  readonly kid: string;
  readonly madeAt: number;
  readonly offset: number;
  readonly state: KeyState;
  readonly #userRef: UserRef;
  readonly #slab: KeySlab;
  #prefix: Uint8Array | null = null;
  #view: Uint8Array | null = null;
  #viewOf = NOT_HELD;

  constructor(userRef: UserRef, profile: KeyProfile, identity: KeyIdentity, slab: KeySlab, state: KeyState) {
    this.#userRef = userRef;
    this.lifecycle = profile.lifecycle;
    this.purpose = profile.purpose;
    this.generation = profile.generation;
    this.rotation = profile.rotation;
    this.lifetimeSeconds = profile.lifetimeSeconds;
    this.epoch = profile.epoch;
    this.kid = identity.kid;
    this.madeAt = identity.madeAt;
    this.offset = identity.offset;
    this.#slab = slab;
    this.state = state;
  }

  /** What an envelope under this key begins with. */
  get prefix(): Uint8Array {
    return (this.#prefix ??= envelopePrefix({ userRef: this.#userRef, kid: this.kid }, this));
  }

  /** The 32 bytes, which count as used now; null when they are not in memory. Good until the next record or load: never keep it. */
  get key(): Uint8Array | null {
    const { held } = this.state;
    if (!isHeld(held)) return null;
    this.#slab.touch(held);
    if (this.#viewOf !== held) {
      this.#view = this.#slab.view(held);
      this.#viewOf = held;
    }
    return this.#view;
  }

  get uses(): number {
    return this.state.uses;
  }

  set uses(uses: number) {
    this.state.uses = uses;
  }
}

/** True when the key's bytes are in memory. */
export function isAtHand(key: UserKey): key is UserKey & EnvelopeKey {
  return key.key !== null;
}
