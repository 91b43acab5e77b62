import { KeyringError } from '../errors.js';
import type { WasmMemory } from './wasm-memory.js';

/**
 * One piece of libsodium's memory: the only place where it is taken, and where it is overwritten and given back. What holds a
 * piece for long closes it; what needs one for a single call uses `withWasmBytes`.
 */
export class WasmPiece {
  readonly #memory: WasmMemory;
  readonly #length: number;
  #address: number;
  #buffer: Buffer | null = null;

  /** `length`: bytes, which are not zeroed. Throws `SODIUM_OUT_OF_MEMORY`. */
  constructor(memory: WasmMemory, length: number) {
    this.#memory = memory;
    this.#length = length;
    this.#address = memory._malloc(length);
    if (this.#address === 0) {
      throw new KeyringError(
        'SODIUM_OUT_OF_MEMORY',
        `libsodium's memory cannot grow by ${length} bytes: give the process more memory, or encrypt smaller values.`,
      );
    }
  }

  /** Where the piece begins in `heap`; 0 when it was given back. */
  get address(): number {
    return this.#address;
  }

  /** libsodium's memory as it is now, all of it. Whatever takes memory may let it grow; a view of before is empty then. */
  get heap(): Uint8Array {
    return this.#memory.HEAPU8;
  }

  /** `heap` as a Buffer, for text and hex. */
  get buffer(): Buffer {
    const { buffer } = this.#memory.HEAPU8;
    if (this.#buffer?.buffer === buffer) return this.#buffer;
    this.#buffer = Buffer.from(buffer);
    return this.#buffer;
  }

  /** Overwrites the piece with zeros and gives it back; once more does nothing. */
  close(): void {
    if (this.#address === 0) return;
    this.heap.fill(0, this.#address, this.#address + this.#length);
    this.#memory._free(this.#address);
    this.#address = 0;
  }
}

/** Runs `use` on `length` bytes of the memory at `address`, then overwrites and gives them back, whatever happened. */
export function withWasmBytes<T>(memory: WasmMemory, length: number, use: (address: number) => T): T {
  const piece = new WasmPiece(memory, length);
  try {
    return use(piece.address);
  } finally {
    piece.close();
  }
}
