import type { Sodium } from './crypto/sodium.js';
import { KeyringError } from './errors.js';
import type { KeyFacts, KeyName, WrappingKey } from './key-record.js';
import { readKeyRecordClaim, unwrapKeyRecord } from './key-record.js';
import { KeyUnwrapper } from './key-unwrapper.js';
import type { StrayRecord } from './user-entry.js';

/** A key record that opened. The key is the caller's to wipe. */
export interface OpenedKey extends KeyFacts {
  readonly key: Uint8Array;
  readonly epoch: number;
}

/** Opens key records with the wrapping keys that are at hand. */
export class KeyOpener {
  /** The first wraps. */
  #wrappingKeys: readonly WrappingKey[];
  #isBehind = false;
  #unwrapper: KeyUnwrapper | null = null;

  constructor(
    private readonly sodium: Sodium,
    wrappingKeys: readonly WrappingKey[],
  ) {
    this.#wrappingKeys = wrappingKeys;
  }

  /** The key that wraps now. Throws `MASTER_KEY_UNAVAILABLE` where it, or a later revision of the deployment, is not at hand. */
  get wrapping(): WrappingKey {
    const [first] = this.#wrappingKeys;
    if (first !== undefined && !this.#isBehind) return first;
    throw new KeyringError(
      'MASTER_KEY_UNAVAILABLE',
      'User keys can neither be made nor all be read: the master key was out of reach for too long, or its epoch was turned and this process has not the new one. Try again when it answers.',
    );
  }

  /** Throws `MASTER_KEY_UNAVAILABLE` as `wrapping` does. */
  assertCurrent(): void {
    void this.wrapping;
  }

  /** A later revision of the deployment stands, and could not be opened: what would be wrapped now could soon be read by nobody. */
  fallBehind(): void {
    this.#isBehind = true;
  }

  /** Takes the keys of a later revision of the deployment; those that are no longer among them are wiped. */
  use(wrappingKeys: readonly WrappingKey[]): void {
    for (const { key } of this.#wrappingKeys) key.fill(0);
    this.#wrappingKeys = wrappingKeys;
    this.#isBehind = false;
  }

  open(name: KeyName, value: Uint8Array): OpenedKey | Omit<StrayRecord, 'offset'> {
    const claim = readKeyRecordClaim(value);
    if (!claim) return { scope: null, reason: 'unauthentic' };
    if (claim === 'unknown-version') return { scope: 'later', reason: 'unreadable' };
    const wrapping = this.#wrappingKeys.find(({ epoch }) => epoch === claim.epoch);
    if (!wrapping) return { scope: claim, reason: 'unreadable' };
    const key = unwrapKeyRecord(this.sodium, wrapping, name, value);
    return key ? { ...claim, key } : { scope: null, reason: 'unauthentic' };
  }

  /**
   * The key alone of a record of this epoch, for a name in words (userRef 4, kid 2): a view that is good until the next call and the
   * caller's to wipe at once. null where `open` finds anything to say.
   */
  openKey(name: Uint32Array, epoch: number, value: Uint8Array): Uint8Array | null {
    for (const wrapping of this.#wrappingKeys) {
      if (wrapping.epoch !== epoch) continue;
      this.#unwrapper ??= new KeyUnwrapper(this.sodium);
      return this.#unwrapper.unwrap(wrapping.key, name, value);
    }
    return null;
  }

  /** The key of an epoch; null where it is not at hand. */
  wrappingKey(epoch: number): WrappingKey | null {
    return this.#wrappingKeys.find((key) => key.epoch === epoch) ?? null;
  }

  /** Without them nothing opens, and nothing is wrapped, until `use`. */
  wipe(): void {
    for (const { key } of this.#wrappingKeys) key.fill(0);
    this.#wrappingKeys = [];
    this.#unwrapper?.close();
    this.#unwrapper = null;
  }
}
