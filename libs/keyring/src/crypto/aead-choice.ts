import type { Aead } from './aead.js';

/** The drivers that this process has. */
export interface Aeads {
  readonly wasm: Aead;
  /** null where sodium-native is not installed. */
  readonly native: Aead | null;
  /** null where Node was built without ChaCha20-Poly1305. */
  readonly node: Aead | null;
}

/** Which driver takes a message. All write the same bytes. */
export interface AeadChoice {
  /** Plaintexts up to this many bytes the envelope engine seals and opens in libsodium's memory, where it lays them out. */
  readonly smallBytes: number;
  /** `length`: bytes of the plaintext. */
  forLength(length: number): Aead;
}

/**
 * The largest plaintexts, in bytes, that each driver is the fastest for (bench/README.md, "encrypt"). A call into WASM
 * costs least but runs slowest, one of OpenSSL's ciphers costs most and runs fastest, sodium-native lies between.
 */
const WASM_BYTES = 3 * 1024;
const WASM_BYTES_BESIDE_NATIVE = 512;
const NATIVE_BYTES = 64 * 1024;

/** The fastest driver for each size, of those that are there. */
export function chooseBySize({ wasm, native, node }: Aeads): AeadChoice {
  const smallBytes = native ? WASM_BYTES_BESIDE_NATIVE : WASM_BYTES;
  const largest = node ?? native ?? wasm;
  return {
    smallBytes,
    forLength: (length) => {
      if (length <= smallBytes) return wasm;
      return native && length <= NATIVE_BYTES ? native : largest;
    },
  };
}

/** One driver for all that is not empty: for tests and for measuring. */
export function chooseAlways(aead: Aead): AeadChoice {
  return { smallBytes: 0, forLength: () => aead };
}
