import { randomFillSync } from 'node:crypto';
import type { Entropy } from './entropy.js';

const poolBytes = 16_384;

/**
 * The operating system's randomness through a pool: one system call fills many nonces.
 * Bytes handed out are wiped from the pool, so that a later look into memory does not find old keys.
 */
export class SystemEntropy implements Entropy {
  readonly #pool = new Uint8Array(poolBytes);
  #used = poolBytes;

  fill(target: Uint8Array): void {
    if (target.length > poolBytes) {
      randomFillSync(target);
      return;
    }
    if (this.#used + target.length > poolBytes) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const end = this.#used + target.length;
    target.set(this.#pool.subarray(this.#used, end));
    this.#pool.fill(0, this.#used, end);
    this.#used = end;
  }
}
