import { KeyringError } from '../errors.js';

/** The part of libsodium's WASM module that is called on memory of ours; 64-bit lengths come as two words. */
export interface WasmMemory {
  /** Another array once the memory has grown: ask for it again after each `_malloc`. */
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

/** The WASM module behind libsodium-wrappers. Throws `SODIUM_UNSUITABLE` when the package gives no access to it. */
export function wasmMemoryOf(wrappers: object): WasmMemory {
  const memory = (wrappers as { libsodium?: Partial<WasmMemory> }).libsodium;
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
  return memory as WasmMemory;
}
