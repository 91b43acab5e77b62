import { KEY_BYTES } from './aead.js';

/** HChaCha20 takes the first 16 bytes of XChaCha20's nonce. */
const INPUT_BYTES = 16;
const WORDS = 16;
/** "expand 32-byte k", as little-endian words (RFC 8439, section 2.3). */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const KEY_WORD = 4;
const INPUT_WORD = 12;

/**
 * HChaCha20 (draft-irtf-cfrg-xchacha-03, section 2.2): writes the 32-byte subkey of `key` and the first 16 bytes of
 * `nonce` to `out`. `state` is memory for 16 words, all zero again afterwards. Indices are public and there is no branch
 * on a secret, so that time tells nothing.
 */
export function hchacha20(key: Uint8Array, nonce: Uint8Array, out: Uint8Array, state: Int32Array): void {
  if (key.length !== KEY_BYTES || nonce.length < INPUT_BYTES || out.length !== KEY_BYTES) {
    throw new RangeError('HChaCha20 takes a key of 32 bytes, 16 bytes of nonce, and 32 bytes of place.');
  }
  state.set(CONSTANTS);
  for (let word = 0; word < 8; word++) state[KEY_WORD + word] = readWord(key, 4 * word);
  for (let word = 0; word < 4; word++) state[INPUT_WORD + word] = readWord(nonce, 4 * word);
  for (let round = 0; round < 20; round += 2) {
    quarterRound(state, 0, 4, 8, 12);
    quarterRound(state, 1, 5, 9, 13);
    quarterRound(state, 2, 6, 10, 14);
    quarterRound(state, 3, 7, 11, 15);
    quarterRound(state, 0, 5, 10, 15);
    quarterRound(state, 1, 6, 11, 12);
    quarterRound(state, 2, 7, 8, 13);
    quarterRound(state, 3, 4, 9, 14);
  }
  // Unlike ChaCha20's block function, without adding the input: first and last row only.
  for (let word = 0; word < 4; word++) {
    writeWord(out, 4 * word, state[word] as number);
    writeWord(out, KEY_BYTES / 2 + 4 * word, state[INPUT_WORD + word] as number);
  }
  state.fill(0);
}

/** Memory for `hchacha20`, outside the collected heap. */
export function hchacha20State(): Int32Array {
  return new Int32Array(new ArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** RFC 8439, section 2.1. */
function quarterRound(state: Int32Array, a: number, b: number, c: number, d: number): void {
  let va = state[a] as number;
  let vb = state[b] as number;
  let vc = state[c] as number;
  let vd = state[d] as number;
  va = (va + vb) | 0;
  vd = rotated(vd ^ va, 16);
  vc = (vc + vd) | 0;
  vb = rotated(vb ^ vc, 12);
  va = (va + vb) | 0;
  vd = rotated(vd ^ va, 8);
  vc = (vc + vd) | 0;
  vb = rotated(vb ^ vc, 7);
  state[a] = va;
  state[b] = vb;
  state[c] = vc;
  state[d] = vd;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}
