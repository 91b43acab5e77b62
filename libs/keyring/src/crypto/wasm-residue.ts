import { KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './aead.js';
import type { WasmMemory } from './wasm-memory.js';
import { withWasmBytes } from './wasm-piece.js';

/** ChaCha20's block (RFC 8439, section 2.3). */
const BLOCK_BYTES = 64;
const PROBE_BYTES = BLOCK_BYTES - 1;

/**
 * Where libsodium's ChaCha20 keeps the last block of a message, when it is not a whole one: in 64 bytes of the WASM stack,
 * which hold the plaintext after opening. The place is the same for each call that begins with an empty stack, as all of ours
 * do, so it is found by opening bytes that are then searched for. null when nothing is left there.
 */
export function findResidue(memory: WasmMemory): number | null {
  const probe = Uint8Array.from({ length: PROBE_BYTES }, (_, index) => 255 - 3 * index);
  const messageAt = KEY_BYTES + NONCE_BYTES;
  withWasmBytes(memory, messageAt + PROBE_BYTES + TAG_BYTES, (key) => {
    const nonce = key + KEY_BYTES;
    const message = key + messageAt;
    memory.HEAPU8.fill(1, key, message);
    memory.HEAPU8.set(probe, message);
    const length = PROBE_BYTES + TAG_BYTES;
    memory._crypto_aead_xchacha20poly1305_ietf_encrypt(
      message,
      null,
      message,
      PROBE_BYTES,
      0,
      0,
      0,
      0,
      0,
      nonce,
      key,
    );
    memory._crypto_aead_xchacha20poly1305_ietf_decrypt(
      message,
      null,
      0,
      message,
      length,
      0,
      0,
      0,
      0,
      nonce,
      key,
    );
  });
  const { buffer } = memory.HEAPU8;
  const at = Buffer.from(buffer).indexOf(probe);
  if (at < 0) return null;
  wipeResidue(memory.HEAPU8, at);
  return at;
}

/** To be called after each message that was opened in WASM. */
export function wipeResidue(heap: Uint8Array, residue: number | null): void {
  if (residue !== null) heap.fill(0, residue, residue + BLOCK_BYTES);
}
