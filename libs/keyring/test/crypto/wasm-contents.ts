import assert from 'node:assert/strict';
import { memory } from './drivers.js';

const PAGE_BYTES = 16 * 1024;
const zeros = Buffer.alloc(PAGE_BYTES);
/** The longest that is looked for: what reaches over from one page into the next is found up to this length. */
const MOST_BYTES = 256;

/**
 * What stands in libsodium's memory. That memory grows to many megabytes and is nearly all zero: the zero pages are passed over
 * once, and what is left is searched as often as need be. Good until the memory is written to.
 */
export class WasmContents {
  /** Pages in a row that are not all zero, with what borders on them. */
  readonly #runs: Buffer[] = [];

  constructor() {
    const heap = Buffer.from(memory.HEAPU8.buffer);
    let start: number | null = null;
    for (let at = 0; at < heap.length; at += PAGE_BYTES) {
      const end = Math.min(at + PAGE_BYTES, heap.length);
      const isZero = heap.compare(zeros, 0, end - at, at, end) === 0;
      if (isZero && start !== null) this.#take(heap, start, at);
      start = isZero ? null : (start ?? at);
    }
    if (start !== null) this.#take(heap, start, heap.length);
  }

  has(wanted: Uint8Array | string): boolean {
    const bytes = Buffer.from(wanted);
    assert.ok(bytes.length <= MOST_BYTES && bytes.some((byte) => byte !== 0), 'cannot be looked for');
    return this.#runs.some((run) => run.includes(bytes));
  }

  /** Any of its blocks, the last one with what it has: of a large value, one in a hundred. */
  hasBlocksOf(plaintext: Uint8Array): boolean {
    const step = plaintext.length > 10_000 ? 6400 : 64;
    for (let at = 0; at < plaintext.length; at += step)
      if (this.has(plaintext.subarray(at, at + 64))) return true;
    return this.has(plaintext.subarray(-8));
  }

  #take(heap: Buffer, start: number, end: number): void {
    this.#runs.push(heap.subarray(Math.max(0, start - MOST_BYTES), end + MOST_BYTES));
  }
}
