import { KEY_BYTES } from './crypto/sodium.js';

const KEYS_PER_BLOCK = 1024;

/**
 * Memory for user keys: large blocks outside the garbage collector's heap, so that keys are not copied around,
 * and can be wiped for good. A small typed array of its own would be moved by the collector, leaving copies.
 */
export class KeySlab {
  readonly #blocks: Uint8Array[] = [];
  readonly #free: Uint8Array[] = [];

  /** A copy of `key` that `release` wipes; `key` itself is wiped at once. */
  keep(key: Uint8Array): Uint8Array {
    if (this.#free.length === 0) this.#grow();
    const place = this.#free.pop();
    if (!place) throw new RangeError('a slab without a free place after growing');
    place.set(key);
    key.fill(0);
    return place;
  }

  /** Wipes the key and makes its place free. */
  release(place: Uint8Array): void {
    place.fill(0);
    this.#free.push(place);
  }

  wipe(): void {
    for (const block of this.#blocks) block.fill(0);
  }

  #grow(): void {
    const block = new Uint8Array(KEYS_PER_BLOCK * KEY_BYTES);
    this.#blocks.push(block);
    for (let at = block.length - KEY_BYTES; at >= 0; at -= KEY_BYTES) {
      this.#free.push(block.subarray(at, at + KEY_BYTES));
    }
  }
}
