import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

const hashBytes = 16;
/** A hash and an offset behind it, as in Kafka's SkimpyOffsetMap. */
export const slotBytes = hashBytes + 8;
const fewestSlots = 16;
const probeBytes = 6;

/**
 * The latest offset of each key, in bounded memory: keys stand as 128 bits of SHA-256 (Kafka takes MD5, which somebody can make
 * two keys collide in) in an open-addressed table of 24 bytes a slot.
 */
export class OffsetMap {
  readonly #slots: Buffer;
  readonly #slotCount: number;
  readonly #limit: number;
  #size = 0;
  #latestOffset = -1n;

  /**
   * Takes in `maxBytes / 24 × loadFactor` keys, as Kafka's Cleaner does. No more memory is taken than `keys` can need, an upper
   * bound of how many there are.
   */
  constructor(keys: number, maxBytes: number, loadFactor: number) {
    const most = Math.floor(maxBytes / slotBytes);
    this.#limit = Math.floor(most * loadFactor);
    // One slot stays free, so that a search ends.
    const wanted = Math.max(fewestSlots, Math.min(this.#limit + 1, keys + 1), Math.ceil(keys / loadFactor));
    this.#slotCount = Math.min(wanted, Math.max(most, this.#limit + 1, fewestSlots));
    this.#slots = Buffer.alloc(this.#slotCount * slotBytes);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.#limit;
  }

  /** The offset up to which the map knows everything; -1 at first. */
  get latestOffset(): bigint {
    return this.#latestOffset;
  }

  /** Says that nothing up to `offset` is missing. */
  reach(offset: bigint): void {
    this.#latestOffset = offset;
  }

  /** Throws RangeError when it is full. */
  put(key: Uint8Array, offset: bigint): void {
    const hash = hashOf(key);
    const at = this.#find(hash);
    if (!this.#isUsed(at)) {
      if (this.isFull) throw new RangeError('the offset map is full');
      this.#size++;
      hash.copy(this.#slots, at, 0, hashBytes);
    }
    // Stored one higher: a slot in use is never all zero.
    this.#slots.writeBigInt64BE(offset + 1n, at + hashBytes);
    this.#latestOffset = offset;
  }

  /** -1 for a key that was not put. */
  get(key: Uint8Array): bigint {
    return this.#slots.readBigInt64BE(this.#find(hashOf(key)) + hashBytes) - 1n;
  }

  #isUsed(at: number): boolean {
    return this.#slots.readBigInt64BE(at + hashBytes) !== 0n;
  }

  /** Where the hash stands or, when it does not, the free slot where it belongs. */
  #find(hash: Buffer): number {
    let slot = hash.readUIntBE(hashBytes - probeBytes, probeBytes) % this.#slotCount;
    for (;;) {
      const at = slot * slotBytes;
      if (!this.#isUsed(at) || this.#slots.compare(hash, 0, hashBytes, at, at + hashBytes) === 0) return at;
      slot = (slot + 1) % this.#slotCount;
    }
  }
}

function hashOf(key: Uint8Array): Buffer {
  return createHash('sha256').update(key).digest();
}
