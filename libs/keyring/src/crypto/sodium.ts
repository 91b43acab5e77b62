import sodium from 'libsodium-wrappers';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './aead.js';
import { chooseBySize, type AeadChoice, type Aeads } from './aead-choice.js';
import { loadNativeAead } from './native-aead.js';
import { loadNodeAead } from './node-aead.js';
import { WasmAead } from './wasm-aead.js';
import { wasmMemoryOf, type WasmMemory } from './wasm-memory.js';
import { withWasmBytes } from './wasm-piece.js';
import { findResidue } from './wasm-residue.js';

export { KEY_BYTES, NONCE_BYTES, TAG_BYTES };
/** Keyed BLAKE2b-128 (RFC 7693 with a 16-byte digest). */
export const MAC_BYTES = 16;

/** The ciphers and the hash that the keyring is made of. */
export interface Sodium {
  /** Keyed BLAKE2b (RFC 7693) of `length` bytes. */
  mac(key: Uint8Array, message: Uint8Array, length: number): Uint8Array;
  /** XChaCha20-Poly1305-IETF: ciphertext ‖ 16-byte tag. */
  encrypt(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** null when the tag does not fit. */
  decrypt(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null;
  readonly aeads: AeadChoice;
  readonly memory: WasmMemory;
  /** What `findResidue` found in that memory. */
  readonly residue: number | null;
}

/** Resolves when the WASM module is ready. Rejects with `SODIUM_UNSUITABLE` when another libsodium than 0.8 was installed. */
export async function loadSodium(): Promise<Sodium> {
  const { memory, aeads } = await loadAeads();
  return sodiumOver(memory, chooseBySize(aeads));
}

/** All drivers of this process. Rejects as `loadSodium` does. */
export async function loadAeads(): Promise<{ readonly memory: WasmMemory; readonly aeads: Aeads }> {
  await sodium.ready;
  const memory = wasmMemoryOf(sodium);
  const native = await loadNativeAead();
  return { memory, aeads: { wasm: new WasmAead(memory), native, node: loadNodeAead() } };
}

export function sodiumOver(memory: WasmMemory, aeads: AeadChoice): Sodium {
  return {
    mac: (key, message, length) => keyedHash(memory, key, message, length),
    encrypt: (key, nonce, ad, plaintext) => {
      const out = new Uint8Array(plaintext.length + TAG_BYTES);
      aeads.forLength(plaintext.length).seal(key, nonce, ad, plaintext, out);
      return out;
    },
    decrypt: (key, nonce, ad, ciphertext) =>
      aeads.forLength(ciphertext.length - TAG_BYTES).open(key, nonce, ad, ciphertext),
    aeads,
    memory,
    residue: findResidue(memory),
  };
}

function keyedHash(memory: WasmMemory, key: Uint8Array, message: Uint8Array, length: number): Uint8Array {
  return withWasmBytes(memory, length + key.length + message.length, (out) => {
    const heap = memory.HEAPU8;
    const keyAt = out + length;
    const messageAt = keyAt + key.length;
    heap.set(key, keyAt);
    heap.set(message, messageAt);
    const status = memory._crypto_generichash(out, length, messageAt, message.length, 0, keyAt, key.length);
    if (status !== 0) throw new RangeError(`BLAKE2b gives no ${length} bytes under a key of ${key.length}.`);
    return heap.slice(out, out + length);
  });
}

/** Compares equally long byte strings in a time that does not depend on where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
