import { Buffer } from 'node:buffer';
import type { AbortedTransaction } from './partition-log.js';

const entryVersion = 0;
const at = { version: 0, producerId: 2, firstOffset: 10, lastOffset: 18, lastStableOffset: 26 } as const;
export const abortedTransactionBytes = 34;

/** One aborted transaction whose marker stands in the segment. */
export interface AbortedEntry extends AbortedTransaction {
  /** The marker's offset. */
  readonly lastOffset: bigint;
  /** The last stable offset once the marker stood: the first open transaction of another producer, or what follows the marker. */
  readonly lastStableOffset: bigint;
}

/** Says why the bytes of a `.txnindex` file cannot be believed. */
export class CorruptTransactionIndex extends Error {
  override readonly name = 'CorruptTransactionIndex';
}

/** The aborted transactions of one segment, in the order of their markers (Kafka's TransactionIndex and AbortedTxn). */
export class TransactionIndex {
  #entries: AbortedEntry[];
  #isChanged = true;

  constructor(entries: readonly AbortedEntry[] = []) {
    this.#entries = [...entries];
  }

  /** Reads a file's content; a segment with this base offset owns it. Throws CorruptTransactionIndex. */
  static decode(content: Uint8Array, baseOffset: bigint): TransactionIndex {
    if (content.length % abortedTransactionBytes !== 0) {
      throw new CorruptTransactionIndex(`${content.length} bytes are no whole number of entries`);
    }
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
    const entries: AbortedEntry[] = [];
    for (let start = 0; start < bytes.length; start += abortedTransactionBytes) {
      const version = bytes.readInt16BE(start + at.version);
      const lastOffset = bytes.readBigInt64BE(start + at.lastOffset);
      if (version !== entryVersion) throw new CorruptTransactionIndex(`entry version ${version}`);
      if (lastOffset < baseOffset || lastOffset <= (entries.at(-1)?.lastOffset ?? -1n)) {
        throw new CorruptTransactionIndex(`a transaction ends at offset ${lastOffset}, out of order`);
      }
      entries.push({
        producerId: bytes.readBigInt64BE(start + at.producerId),
        firstOffset: bytes.readBigInt64BE(start + at.firstOffset),
        lastOffset,
        lastStableOffset: bytes.readBigInt64BE(start + at.lastStableOffset),
      });
    }
    const index = new TransactionIndex(entries);
    index.stored();
    return index;
  }

  get entries(): readonly AbortedEntry[] {
    return this.#entries;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Whether the file may say something else. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** The file says the same now. */
  stored(): void {
    this.#isChanged = false;
  }

  append(entry: AbortedEntry): void {
    this.#isChanged = true;
    this.#entries.push(entry);
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    this.#isChanged = true;
    this.#entries.length = Math.min(this.#entries.length, count);
  }

  /**
   * Adds to `found` what overlaps the offsets from `from` up to `to` (exclusive). Returns whether later segments need no look: their
   * transactions began behind `to`.
   */
  collect(from: bigint, to: bigint, found: AbortedTransaction[]): boolean {
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of this.#entries) {
      if (lastOffset >= from && firstOffset < to) found.push({ producerId, firstOffset });
      if (lastStableOffset >= to) return true;
    }
    return false;
  }

  /** The file's content. */
  encode(): Uint8Array {
    const bytes = Buffer.alloc(this.#entries.length * abortedTransactionBytes);
    for (const [index, entry] of this.#entries.entries()) {
      const start = index * abortedTransactionBytes;
      bytes.writeInt16BE(entryVersion, start + at.version);
      bytes.writeBigInt64BE(entry.producerId, start + at.producerId);
      bytes.writeBigInt64BE(entry.firstOffset, start + at.firstOffset);
      bytes.writeBigInt64BE(entry.lastOffset, start + at.lastOffset);
      bytes.writeBigInt64BE(entry.lastStableOffset, start + at.lastStableOffset);
    }
    return bytes;
  }
}
