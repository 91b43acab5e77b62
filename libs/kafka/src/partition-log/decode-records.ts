import type { StoredKeyLogRecord } from '@oubliette/keyring';
import {
  decompress,
  iterateBatches,
  KafkaError,
  MAX_UNCOMPRESSED_BYTES,
  type BatchView,
} from '@oubliette/protocol';

/** Records that can be gone through, and counted before. */
export type CountedRecords = Iterable<StoredKeyLogRecord> & { readonly length: number };

export interface KeyRecords {
  /** From the offset asked for, in order. Keys and values are views of the batches. */
  readonly records: CountedRecords;
  /** Behind the last batch, or where it began. */
  readonly nextOffset: bigint;
}

/** The records of one batch, as bytes. */
interface PackedRecords {
  readonly payload: Uint8Array;
  readonly count: number;
  readonly baseOffset: bigint;
  readonly baseTimestamp: number;
  /** The log's append time of them all; null: each has its own. */
  readonly stamped: number | null;
}

const noKey = new Uint8Array(0);

/**
 * The key records in the answer to a fetch from `offset`. A start reads millions: this is `iterateRecords` without what a
 * key record does not have, one object a record; with `only`, of these offsets alone. All bytes are checked at once, and a
 * record is made when it is gone to, so that no more than one need be alive. Throws `KafkaError` as `iterateRecords` does.
 */
export function decodeRecords(
  partition: number,
  offset: bigint,
  batches: Uint8Array | null,
  only: ReadonlySet<bigint> | null = null,
): KeyRecords {
  const packed: PackedRecords[] = [];
  let nextOffset = offset;
  let length = 0;
  const isWanted = (at: bigint): boolean => at >= offset && (only === null || only.has(at));
  if (batches !== null) {
    for (const batch of iterateBatches(batches, { partialTail: 'ignore' })) {
      if (!batch.isControl && batch.nextOffset > offset) {
        const records = pack(batch);
        length += checkedCount(records, isWanted);
        packed.push(records);
      }
      nextOffset = batch.nextOffset;
    }
  }
  const records = { length, [Symbol.iterator]: () => unpack(packed, partition, isWanted) };
  return { records, nextOffset };
}

function pack(batch: BatchView): PackedRecords {
  const { recordCount, baseOffset } = batch;
  if (recordCount < 0) throw invalid(`a batch of ${recordCount} records`);
  return {
    payload: decompress(batch.compression, batch.payload, MAX_UNCOMPRESSED_BYTES),
    count: recordCount,
    baseOffset,
    baseTimestamp: Number(batch.baseTimestamp),
    stamped: batch.isLogAppendTime ? Number(batch.maxTimestamp) : null,
  };
}

/** How many of the records are wanted. Throws where one cannot be read. */
function checkedCount(
  { payload, count, baseOffset }: PackedRecords,
  isWanted: (offset: bigint) => boolean,
): number {
  const cursor = new Cursor(payload);
  let wanted = 0;
  for (let index = 0; index < count; index++) {
    const end = cursor.varint() + cursor.position;
    cursor.skip(1); // attributes, unused in format 2
    cursor.varlong();
    if (isWanted(baseOffset + BigInt(cursor.varint()))) wanted++;
    cursor.skipNullable();
    cursor.skipNullable();
    cursor.skipHeaders();
    if (cursor.position !== end) throw invalid(`record ${index} has another length than it says`);
  }
  if (cursor.position !== payload.length) throw invalid('bytes stand behind the last record of a batch');
  return wanted;
}

function* unpack(
  packed: readonly PackedRecords[],
  partition: number,
  isWanted: (offset: bigint) => boolean,
): Generator<StoredKeyLogRecord, void, undefined> {
  for (const { payload, count, baseOffset, baseTimestamp, stamped } of packed) {
    const cursor = new Cursor(payload);
    for (let index = 0; index < count; index++) {
      const end = cursor.varint() + cursor.position;
      cursor.skip(1);
      const timestamp = baseTimestamp + cursor.varlong();
      const offset = baseOffset + BigInt(cursor.varint());
      if (isWanted(offset)) {
        const key = cursor.nullableBytes();
        const value = cursor.nullableBytes();
        // A compacted topic takes no record without a key; the empty key is nobody's.
        yield { partition, offset, timestamp: stamped ?? timestamp, key: key ?? noKey, value };
      }
      cursor.skip(end - cursor.position);
    }
  }
}

/** Reads on in bytes, never past their end. Throws `KafkaError` INVALID_RECORD. */
class Cursor {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Zigzag, 32 bits, at most five bytes. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw invalid('a varint of more than five bytes');
  }

  /** Zigzag, 64 bits, at most ten bytes; as a number, since times and their differences fit one. */
  varlong(): number {
    const start = this.position;
    for (let read = 1; read <= 4; read++) {
      if (this.#byte() < 0x80) {
        this.position = start;
        return this.varint();
      }
    }
    this.position = start;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, (BigInt.asUintN(64, value) >> 1n) ^ -(value & 1n)));
    }
    throw invalid('a varlong of more than ten bytes');
  }

  bytes(length: number): Uint8Array {
    const start = this.skip(length);
    const { buffer, byteOffset } = this.#bytes;
    return new Uint8Array(buffer, byteOffset + start, length);
  }

  nullableBytes(): Uint8Array | null {
    const length = this.varint();
    return length === -1 ? null : this.bytes(length);
  }

  skipNullable(): void {
    const length = this.varint();
    if (length !== -1) this.skip(length);
  }

  skipHeaders(): void {
    const count = this.varint();
    if (count < 0) throw invalid(`${count} headers`);
    for (let index = 0; index < count; index++) {
      this.skip(this.varint());
      this.skipNullable();
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.position++];
    if (byte === undefined) throw invalid('a record that ends behind its batch');
    return byte;
  }

  skip(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.#bytes.length - start)
      throw invalid(`${length} bytes where ${this.#bytes.length - start} stand`);
    this.position = start + length;
    return start;
  }
}

function invalid(what: string): KafkaError {
  return new KafkaError('INVALID_RECORD', `${what} in a record batch`);
}
