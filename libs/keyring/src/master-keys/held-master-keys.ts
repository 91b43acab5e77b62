import type { Entropy } from '@oubliette/runtime';
import { KeyringError } from '../errors.js';
import { toHex } from '../hex.js';
import type { MasterKeyId, MasterKeys } from './master-keys.js';
import { MAC_BYTES, NONCE_BYTES, type Sodium } from '../crypto/sodium.js';

const encoder = new TextEncoder();

/** A master key in this process's memory. */
export interface HeldMasterKey extends MasterKeyId {
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export function holdMasterKey(sodium: Sodium, epoch: number, key: Uint8Array): HeldMasterKey {
  const message = encoder.encode('oubliette/v1/master-key-fingerprint');
  return { epoch, key, fingerprint: toHex(sodium.mac(key, message, MAC_BYTES)) };
}

function closed(): KeyringError {
  return new KeyringError(
    'KEYRING_CLOSED',
    'The master keys were closed and wiped: load the key file again.',
  );
}

/** Master keys in memory. Wrapped form: nonce 24 ‖ XChaCha20-Poly1305-IETF ciphertext ‖ tag. */
export class HeldMasterKeys implements MasterKeys {
  readonly current: MasterKeyId;
  readonly #sodium: Sodium;
  readonly #entropy: Entropy;
  readonly #currentKey: Uint8Array;
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  #closed = false;

  constructor(sodium: Sodium, entropy: Entropy, current: HeldMasterKey, keys: readonly HeldMasterKey[]) {
    this.current = { epoch: current.epoch, fingerprint: current.fingerprint };
    this.#sodium = sodium;
    this.#entropy = entropy;
    this.#currentKey = current.key;
    this.#keys = new Map(keys.map((key) => [key.fingerprint, key.key]));
  }

  wrap(context: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(closed());
    const nonce = new Uint8Array(NONCE_BYTES);
    this.#entropy.fill(nonce);
    const wrapped = this.#sodium.encrypt(this.#currentKey, nonce, context, secret);
    return Promise.resolve(new Uint8Array([...nonce, ...wrapped]));
  }

  unwrap(fingerprint: string, context: Uint8Array, wrapped: Uint8Array): Promise<Uint8Array | null> {
    if (this.#closed) return Promise.reject(closed());
    const key = this.#keys.get(fingerprint);
    if (!key) {
      const known = [...this.#keys.keys()].join(', ');
      return Promise.reject(
        new KeyringError(
          'MASTER_KEY_MISMATCH',
          `The key topic was made under the master key with fingerprint ${fingerprint}, but the key file holds ${known}: give the deployment its own key file, or the file its own key topic.`,
        ),
      );
    }
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    if (nonce.length !== NONCE_BYTES) return Promise.resolve(null);
    return Promise.resolve(this.#sodium.decrypt(key, nonce, context, wrapped.subarray(NONCE_BYTES)));
  }

  close(): void {
    this.#closed = true;
    for (const key of this.#keys.values()) key.fill(0);
  }
}
