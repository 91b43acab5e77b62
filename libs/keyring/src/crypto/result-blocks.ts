const BLOCK_BYTES = 8 * 1024;
const SMALL_RESULT_BYTES = 2 * 1024;

/** Cuts envelopes from blocks, as Node's Buffer does for small sizes: they are ciphertext, so sharing a block shows nothing. */
export class ResultBlocks {
  #block = new Uint8Array(0);
  #next = 0;

  /** The bytes at `start`, in memory of their own. */
  copy(heap: Uint8Array, start: number, length: number): Uint8Array {
    if (length > SMALL_RESULT_BYTES) return heap.slice(start, start + length);
    if (this.#next + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#next = 0;
    }
    const { buffer } = this.#block;
    const result = new Uint8Array(buffer, this.#next, length);
    result.set(new Uint8Array(heap.buffer, start, length));
    this.#next += length;
    return result;
  }
}
