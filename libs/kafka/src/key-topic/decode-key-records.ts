import type { StoredKeyLogRecord } from '@oubliette/keyring';
import {
  decompress,
  iterateBatches,
  KafkaError,
  MAX_UNCOMPRESSED_BYTES,
  type BatchView,
} from '@oubliette/protocol';

export interface KeyRecords {
  /** From the offset asked for, in order. Keys and values are views of the batches. */
  readonly records: readonly StoredKeyLogRecord[];
  /** Behind the last batch, or where it began. */
  readonly nextOffset: bigint;
}

const noKey = new Uint8Array(0);

/**
 * The key records in the answer to a fetch from `offset`. A start reads millions: this is `iterateRecords` without what a
 * key record does not have, one object a record; with `only`, of these offsets alone. Throws `KafkaError` as that does.
 */
export function decodeKeyRecords(
  partition: number,
  offset: bigint,
  batches: Uint8Array | null,
  only: ReadonlySet<bigint> | null = null,
): KeyRecords {
  const records: StoredKeyLogRecord[] = [];
  let nextOffset = offset;
  if (batches === null) return { records, nextOffset };
  for (const batch of iterateBatches(batches, { partialTail: 'ignore' })) {
    if (!batch.isControl && batch.nextOffset > offset) addRecords(records, batch, partition, offset, only);
    nextOffset = batch.nextOffset;
  }
  return { records, nextOffset };
}

function addRecords(
  records: StoredKeyLogRecord[],
  batch: BatchView,
  partition: number,
  from: bigint,
  only: ReadonlySet<bigint> | null,
): void {
  const payload = decompress(batch.compression, batch.payload, MAX_UNCOMPRESSED_BYTES);
  const { recordCount, baseOffset } = batch;
  const stamped = batch.isLogAppendTime ? Number(batch.maxTimestamp) : null;
  const baseTimestamp = Number(batch.baseTimestamp);
  if (recordCount < 0) throw invalid(`a batch of ${recordCount} records`);
  const cursor = new Cursor(payload);
  for (let index = 0; index < recordCount; index++) {
    const end = cursor.varint() + cursor.position;
    cursor.skip(1); // attributes, unused in format 2
    const timestampDelta = cursor.varlong();
    const offset = baseOffset + BigInt(cursor.varint());
    if (only !== null && !only.has(offset)) {
      cursor.skip(end - cursor.position);
      continue;
    }
    const key = cursor.nullableBytes();
    const value = cursor.nullableBytes();
    cursor.skipHeaders();
    if (cursor.position !== end) throw invalid(`record ${index} has another length than it says`);
    const timestamp = stamped ?? baseTimestamp + timestampDelta;
    // A compacted topic takes no record without a key; the empty key is nobody's.
    if (offset >= from) records.push({ partition, offset, timestamp, key: key ?? noKey, value });
  }
  if (cursor.position !== payload.length) throw invalid('bytes stand behind the last record of a batch');
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

  skipHeaders(): void {
    const count = this.varint();
    if (count < 0) throw invalid(`${count} headers`);
    for (let index = 0; index < count; index++) {
      this.skip(this.varint());
      const length = this.varint();
      if (length !== -1) this.skip(length);
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
  return new KafkaError('INVALID_RECORD', `${what} in the key topic`);
}
