import type { Aead, AeadName } from './aead.js';

/** The drivers that this process has. */
export interface Aeads {
  readonly wasm: Aead;
  /** null where sodium-native is not installed. */
  readonly native: Aead | null;
  /** null where Node was built without ChaCha20-Poly1305. */
  readonly node: Aead | null;
}

/**
 * The largest plaintexts, in bytes, that each driver is the fastest for (bench/README.md, "encrypt"). A call into WASM
 * costs least but runs slowest, one of OpenSSL's ciphers costs most and runs fastest, sodium-native lies between.
 */
const WASM_BYTES = 3 * 1024;
const WASM_BYTES_BESIDE_NATIVE = 1024;
const NATIVE_BYTES = 64 * 1024;

/** Which driver takes a message, by its size and by what is installed. All write the same bytes. */
export class AeadChoice {
  /** Plaintexts up to this size are taken by WASM, where the envelope engine lays them out in memory of its own. */
  readonly smallBytes: number;
  readonly #steps: readonly { readonly upTo: number; readonly aead: Aead }[];
  readonly #largest: Aead;

  constructor({ wasm, native, node }: Aeads) {
    this.smallBytes = native ? WASM_BYTES_BESIDE_NATIVE : WASM_BYTES;
    this.#largest = node ?? native ?? wasm;
    this.#steps = [
      { upTo: this.smallBytes, aead: wasm },
      ...(native ? [{ upTo: NATIVE_BYTES, aead: native }] : []),
    ];
  }

  /** `length`: bytes of the plaintext. */
  forLength(length: number): Aead {
    for (const { upTo, aead } of this.#steps) if (length <= upTo) return aead;
    return this.#largest;
  }

  /** By size, smallest first: for a line in a log. */
  get names(): readonly AeadName[] {
    return [...new Set([...this.#steps.map(({ aead }) => aead.name), this.#largest.name])];
  }
}
