/** Bytes of a key of XChaCha20-Poly1305 and of keyed BLAKE2b as used here. */
export const KEY_BYTES = 32;
/** XChaCha20's extended nonce (draft-irtf-cfrg-xchacha-03, section 2). */
export const NONCE_BYTES = 24;
/** Poly1305's tag (RFC 8439, section 2.5). */
export const TAG_BYTES = 16;

export type AeadName = 'libsodium-wrappers' | 'sodium-native' | 'node:crypto';

/**
 * XChaCha20-Poly1305-IETF (draft-irtf-cfrg-xchacha-03, section 2; libsodium's `crypto_aead_xchacha20poly1305_ietf`).
 * All drivers write the same bytes and refuse the same ones. Keys (32 bytes) and nonces (24 bytes) of another length
 * throw a `RangeError`. What a driver keeps of key and plaintext in memory of its own is overwritten before it returns.
 */
export interface Aead {
  readonly name: AeadName;
  /** Writes ciphertext ‖ tag to `out`, which is 16 bytes longer than the plaintext and does not overlap it. */
  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void;
  /** The plaintext in memory of its own; null when the tag does not fit, or when the ciphertext is shorter than a tag. */
  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null;
}

/** Throws `RangeError` for a key, nonce or place of a wrong length: a driver in C would read what lies behind it. */
export function assertSealSizes(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  out: Uint8Array,
): void {
  assertKeySizes(key, nonce);
  if (out.length !== plaintext.length + TAG_BYTES) {
    throw new RangeError(
      `A ciphertext of ${plaintext.length + TAG_BYTES} bytes does not fit a place of ${out.length}.`,
    );
  }
}

export function assertKeySizes(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, not ${key.length}.`);
  if (nonce.length !== NONCE_BYTES)
    throw new RangeError(`A nonce has ${NONCE_BYTES} bytes, not ${nonce.length}.`);
}

/** Zeroed memory outside the collected heap: a small typed array of its own lies inside, and is copied when it is moved. */
export function secretMemory(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}
