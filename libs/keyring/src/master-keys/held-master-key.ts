import type { Entropy } from '@oubliette/runtime';
import { inspect } from 'node:util';
import { MAC_BYTES, NONCE_BYTES, type Sodium } from '../crypto/sodium.js';
import { toHex } from '../hex.js';
import { FINGERPRINT_LABEL, type MasterKeyId } from './master-keys.js';

const encoder = new TextEncoder();

/** A master key in this process's memory. Wrapped form: nonce 24 ‖ XChaCha20-Poly1305-IETF ciphertext ‖ tag. */
export class HeldMasterKey implements MasterKeyId {
  readonly #sodium: Sodium;
  readonly #key: Uint8Array;
  readonly epoch: number;
  readonly fingerprint: string;

  /** Takes over `key` (32 bytes): it is wiped with this. */
  constructor(sodium: Sodium, epoch: number, key: Uint8Array) {
    this.#sodium = sodium;
    this.#key = key;
    this.epoch = epoch;
    this.fingerprint = toHex(sodium.mac(key, encoder.encode(FINGERPRINT_LABEL), MAC_BYTES));
  }

  get id(): MasterKeyId {
    return { epoch: this.epoch, fingerprint: this.fingerprint };
  }

  wrap(entropy: Entropy, context: Uint8Array, secret: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(NONCE_BYTES);
    entropy.fill(nonce);
    const ciphertext = this.#sodium.encrypt(this.#key, nonce, context, secret);
    return new Uint8Array([...nonce, ...ciphertext]);
  }

  /** null when the bytes were changed or belong to another context. */
  unwrap(context: Uint8Array, wrapped: Uint8Array): Uint8Array | null {
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    if (nonce.length !== NONCE_BYTES) return null;
    return this.#sodium.decrypt(this.#key, nonce, context, wrapped.subarray(NONCE_BYTES));
  }

  wipe(): void {
    this.#key.fill(0);
  }

  [inspect.custom](): string {
    return `HeldMasterKey { epoch: ${this.epoch}, fingerprint: ${this.fingerprint} }`;
  }
}
