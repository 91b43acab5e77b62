import {
  assertKeySizes,
  assertSealSizes,
  KEY_BYTES,
  NONCE_BYTES,
  TAG_BYTES,
  type Aead,
  type AeadName,
} from './aead.js';
import type { WasmMemory } from './wasm-memory.js';
import { withWasmBytes } from './wasm-piece.js';
import { findResidue, wipeResidue } from './wasm-residue.js';

/** Places in the bytes of one call: key, nonce, associated data, message (sealed and opened where it stands). */
const KEY = 0;
const NONCE = KEY + KEY_BYTES;
const AD = NONCE + NONCE_BYTES;

/**
 * libsodium in WebAssembly, without the package's own wrapper, which frees what it copied without overwriting it.
 * Memory that was given to the module once is never given back to the system.
 */
export class WasmAead implements Aead {
  readonly name: AeadName = 'libsodium-wrappers';
  readonly #memory: WasmMemory;
  readonly #residue: number | null;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
    this.#residue = findResidue(memory);
  }

  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    assertSealSizes(key, nonce, plaintext, out);
    const memory = this.#memory;
    withWasmBytes(memory, AD + ad.length + out.length, (base) => {
      const message = this.#layOut(base, key, nonce, ad, plaintext);
      memory._crypto_aead_xchacha20poly1305_ietf_encrypt(
        message,
        null,
        message,
        plaintext.length,
        0,
        base + AD,
        ad.length,
        0,
        0,
        base + NONCE,
        base + KEY,
      );
      out.set(memory.HEAPU8.subarray(message, message + out.length));
    });
  }

  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null {
    assertKeySizes(key, nonce);
    const length = ciphertext.length - TAG_BYTES;
    if (length < 0) return null;
    const memory = this.#memory;
    return withWasmBytes(memory, AD + ad.length + ciphertext.length, (base) => {
      const message = this.#layOut(base, key, nonce, ad, ciphertext);
      const status = memory._crypto_aead_xchacha20poly1305_ietf_decrypt(
        message,
        null,
        0,
        message,
        ciphertext.length,
        0,
        base + AD,
        ad.length,
        0,
        base + NONCE,
        base + KEY,
      );
      wipeResidue(memory.HEAPU8, this.#residue);
      return status === 0 ? memory.HEAPU8.slice(message, message + length) : null;
    });
  }

  #layOut(base: number, key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, message: Uint8Array): number {
    const heap = this.#memory.HEAPU8;
    heap.set(key, base + KEY);
    heap.set(nonce, base + NONCE);
    heap.set(ad, base + AD);
    heap.set(message, base + AD + ad.length);
    return base + AD + ad.length;
  }
}
