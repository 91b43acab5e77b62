import type { Entropy } from '@oubliette/runtime';

const POOL_BYTES = 24 * 1024;

/**
 * Hands out random bytes from a block that is refilled as a whole: asking the system for 24 bytes at a time is a
 * thousand times slower. Bytes that were handed out are wiped from the pool.
 */
export class EntropyPool {
  readonly #entropy: Entropy;
  readonly #pool = new Uint8Array(POOL_BYTES);
  #next = POOL_BYTES;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /** `length` fresh random bytes (at most 24 KiB). */
  take(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.fill(bytes, 0, length);
    return bytes;
  }

  /** Writes `length` fresh random bytes into `target` from `offset`. */
  fill(target: Uint8Array, offset: number, length: number): void {
    if (this.#next + length > POOL_BYTES) {
      this.#entropy.fill(this.#pool);
      this.#next = 0;
    }
    const pool = this.#pool;
    let from = this.#next;
    for (let index = 0; index < length; index++, from++) {
      target[offset + index] = pool[from] ?? 0;
      pool[from] = 0;
    }
    this.#next = from;
  }

  wipe(): void {
    this.#pool.fill(0);
    this.#next = POOL_BYTES;
  }
}
