import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

const hashBytes = 16;
/** A hash and an offset, as in Kafka's SkimpyOffsetMap. */
const slotBytes = hashBytes + 8;
const loadFactor = 0.9;
const fewestSlots = 16;

/**
 * The latest offset of each key, in bounded memory: keys stand as 128 bits of SHA-256 in an open-addressed table, so that two keys
 * of one log practically never meet.
 */
export class OffsetMap {
  readonly #slots: Buffer;
  readonly #slotCount: number;
  readonly #used: Uint8Array;
  #size = 0;

  /** Room for `keys`, unless that takes more than `maxBytes`. */
  constructor(keys: number, maxBytes: number) {
    const wanted = Math.ceil(keys / loadFactor) + 1;
    this.#slotCount = Math.max(fewestSlots, Math.min(wanted, Math.floor(maxBytes / (slotBytes + 1))));
    this.#slots = Buffer.allocUnsafe(this.#slotCount * slotBytes);
    this.#used = new Uint8Array(this.#slotCount);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= Math.floor(this.#slotCount * loadFactor);
  }

  put(key: Uint8Array, offset: bigint): void {
    const hash = hashOf(key);
    const slot = this.#find(hash);
    const at = slot * slotBytes;
    if (this.#used[slot] === 0) {
      if (this.isFull) throw new RangeError('the offset map is full');
      this.#used[slot] = 1;
      this.#size++;
      hash.copy(this.#slots, at, 0, hashBytes);
    }
    this.#slots.writeBigInt64BE(offset, at + hashBytes);
  }

  /** -1 for a key that was not put. */
  get(key: Uint8Array): bigint {
    const slot = this.#find(hashOf(key));
    return this.#used[slot] === 0 ? -1n : this.#slots.readBigInt64BE(slot * slotBytes + hashBytes);
  }

  /** The slot of the hash, or the free one where it belongs; the load factor leaves one free. */
  #find(hash: Buffer): number {
    let slot = hash.readUIntBE(hashBytes - 6, 6) % this.#slotCount;
    while (this.#used[slot] !== 0) {
      const at = slot * slotBytes;
      if (this.#slots.compare(hash, 0, hashBytes, at, at + hashBytes) === 0) return slot;
      slot = (slot + 1) % this.#slotCount;
    }
    return slot;
  }
}

function hashOf(key: Uint8Array): Buffer {
  return createHash('sha256').update(key).digest();
}
