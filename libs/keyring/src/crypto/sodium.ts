import sodium from 'libsodium-wrappers';
import { KeyringError } from '../errors.js';

/** Bytes of a key of XChaCha20-Poly1305 and of keyed BLAKE2b as used here. */
export const KEY_BYTES = 32;
/** XChaCha20's extended nonce (draft-irtf-cfrg-xchacha, section 2). */
export const NONCE_BYTES = 24;
/** Poly1305's tag (RFC 8439, section 2.5). */
export const TAG_BYTES = 16;
/** Keyed BLAKE2b-128 (RFC 7693 with a 16-byte digest). */
export const MAC_BYTES = 16;

/** The part of libsodium's WASM module that the envelope engine calls on memory it owns; 64-bit lengths come as two words. */
export interface SodiumMemory {
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  _free(address: number): void;
  _crypto_generichash(
    out: number,
    outLength: number,
    message: number,
    lengthLow: number,
    lengthHigh: number,
    key: number,
    keyLength: number,
  ): number;
  _crypto_aead_xchacha20poly1305_ietf_encrypt(
    out: number,
    outLength: null,
    message: number,
    messageLow: number,
    messageHigh: number,
    ad: number,
    adLow: number,
    adHigh: number,
    secretNonce: number,
    nonce: number,
    key: number,
  ): number;
  _crypto_aead_xchacha20poly1305_ietf_decrypt(
    out: number,
    outLength: null,
    secretNonce: number,
    ciphertext: number,
    ciphertextLow: number,
    ciphertextHigh: number,
    ad: number,
    adLow: number,
    adHigh: number,
    nonce: number,
    key: number,
  ): number;
}

/** libsodium behind the four calls that the keyring needs. */
export interface Sodium {
  /** Keyed BLAKE2b (RFC 7693) of `length` bytes. */
  mac(key: Uint8Array, message: Uint8Array, length: number): Uint8Array;
  /** XChaCha20-Poly1305-IETF: ciphertext ‖ 16-byte tag. */
  encrypt(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** null when the tag does not fit. */
  decrypt(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null;
  readonly memory: SodiumMemory;
}

/** Resolves when the WASM module is ready. Rejects with `SODIUM_UNSUITABLE` when another libsodium than 0.8 was installed. */
export async function loadSodium(): Promise<Sodium> {
  await sodium.ready;
  return {
    mac: (key, message, length) => sodium.crypto_generichash(length, message, key),
    encrypt: (key, nonce, ad, plaintext) =>
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, ad, null, nonce, key),
    decrypt: (key, nonce, ad, ciphertext) => {
      // The wrapper throws for a bad tag and for a bad length alike; both mean that the bytes are not what was sealed.
      if (ciphertext.length < TAG_BYTES) return null;
      try {
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, ad, nonce, key);
      } catch {
        return null;
      }
    },
    memory: memoryOf(sodium),
  };
}

function memoryOf(wrappers: object): SodiumMemory {
  const memory = (wrappers as { libsodium?: Partial<SodiumMemory> }).libsodium;
  const suits =
    memory?.HEAPU8 instanceof Uint8Array &&
    typeof memory._malloc === 'function' &&
    typeof memory._free === 'function' &&
    typeof memory._crypto_generichash === 'function' &&
    typeof memory._crypto_aead_xchacha20poly1305_ietf_encrypt === 'function' &&
    typeof memory._crypto_aead_xchacha20poly1305_ietf_decrypt === 'function';
  if (!suits) {
    throw new KeyringError(
      'SODIUM_UNSUITABLE',
      'libsodium-wrappers gives no access to its memory: install version 0.8.4, which this library was written for.',
    );
  }
  return memory as SodiumMemory;
}

/** Compares equally long byte strings in a time that does not depend on where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
