import { Buffer } from 'node:buffer';
import { BATCH_HEADER_BYTES, BATCH_LENGTH_OVERHEAD, BatchAttribute } from './batch-view.js';
import { compress, Compression, type CompressionName } from './compression.js';
import { crc32c } from './crc32c.js';
import { ByteWriter, varintSize, varlongSize } from '../wire/byte-writer.js';
import type { RecordHeader } from './iterate-records.js';

/** A record to be written. `offsetDelta` is its place behind the base offset; default: its index. */
export interface EncodableRecord {
  /** ms since the Unix epoch. */
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  readonly offsetDelta?: number;
}

/** What stands in the header; each default is what a plain producer sends. */
export interface BatchSpec {
  readonly records: readonly EncodableRecord[];
  readonly baseOffset?: bigint;
  readonly leaderEpoch?: number;
  readonly compression?: CompressionName;
  /** As in `COMPRESSION_LEVELS`; default: the codec's. */
  readonly compressionLevel?: number;
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** The batch was stamped by the log: every record has this timestamp. */
  readonly logAppendTime?: bigint;
  /** For a batch that a cleaner thinned out: keeps the offset range. Default: the last record's delta, 0 without records. */
  readonly lastOffsetDelta?: number;
  /** Default: the highest of the records', -1 without records. */
  readonly maxTimestamp?: bigint;
  /** Default: the first record's, -1 without records. */
  readonly baseTimestamp?: bigint;
  /** Takes the base timestamp's place (KIP-534). */
  readonly deleteHorizonMs?: bigint;
}

const NONE = -1;
const CRC_AT = 17;
const CRC_FROM = 21;
const MAGIC = 2;

/** One record batch of magic 2, CRC-32C included. */
export function encodeBatch(spec: BatchSpec): Uint8Array {
  const { records } = spec;
  const baseTimestamp = spec.deleteHorizonMs ?? spec.baseTimestamp ?? records[0]?.timestamp ?? BigInt(NONE);
  const codec = Compression[spec.compression ?? 'none'];
  const writer = new ByteWriter(estimateBytes(records));
  if (codec === Compression.none) {
    const at = writeHeader(writer, spec, codec, baseTimestamp);
    writeRecords(writer, records, baseTimestamp);
    return seal(writer, at);
  }
  writeRecords(writer, records, baseTimestamp);
  const payload = compress(codec, writer.finish(), spec.compressionLevel);
  const at = writeHeader(writer, spec, codec, baseTimestamp);
  writer.bytes(payload);
  return seal(writer, at);
}

function seal(writer: ByteWriter, batchLengthAt: number): Uint8Array {
  writer.setUint32(batchLengthAt, writer.length - BATCH_LENGTH_OVERHEAD);
  const batch = writer.finish();
  const crc = crc32c(batch.subarray(CRC_FROM));
  new DataView(batch.buffer, batch.byteOffset, batch.length).setUint32(CRC_AT, crc);
  return batch;
}

/** Returns where the batch's length stands. */
function writeHeader(writer: ByteWriter, spec: BatchSpec, codec: number, baseTimestamp: bigint): number {
  writer.int64(spec.baseOffset ?? 0n);
  const batchLengthAt = writer.length;
  writer.int32(0);
  writer.int32(spec.leaderEpoch ?? NONE);
  writer.int8(MAGIC);
  writer.uint32(0);
  writer.int16(attributesOf(spec, codec));
  writer.int32(spec.lastOffsetDelta ?? lastDelta(spec.records));
  writer.int64(baseTimestamp);
  writer.int64(spec.logAppendTime ?? spec.maxTimestamp ?? highestTimestamp(spec.records));
  writer.int64(spec.producerId ?? BigInt(NONE));
  writer.int16(spec.producerEpoch ?? NONE);
  writer.int32(spec.baseSequence ?? NONE);
  writer.int32(spec.records.length);
  return batchLengthAt;
}

function attributesOf(spec: BatchSpec, codec: number): number {
  let attributes: number = codec;
  if (spec.logAppendTime !== undefined) attributes |= BatchAttribute.logAppendTime;
  if (spec.isTransactional === true) attributes |= BatchAttribute.transactional;
  if (spec.isControl === true) attributes |= BatchAttribute.control;
  if (spec.deleteHorizonMs !== undefined) attributes |= BatchAttribute.deleteHorizon;
  return attributes;
}

function lastDelta(records: readonly EncodableRecord[]): number {
  return records.at(-1)?.offsetDelta ?? Math.max(0, records.length - 1);
}

function highestTimestamp(records: readonly EncodableRecord[]): bigint {
  let highest = BigInt(NONE);
  for (const { timestamp } of records) if (timestamp > highest) highest = timestamp;
  return highest;
}

function writeRecords(writer: ByteWriter, records: readonly EncodableRecord[], baseTimestamp: bigint): void {
  for (const [index, record] of records.entries()) writeRecord(writer, record, index, baseTimestamp);
}

/** One record of a batch's payload; `index` is its offset delta where it has none of its own. */
export function writeRecord(
  writer: ByteWriter,
  record: EncodableRecord,
  index: number,
  baseTimestamp: bigint,
): void {
  const timestampDelta = record.timestamp - baseTimestamp;
  const offsetDelta = record.offsetDelta ?? index;
  writer.varint(1 + varlongSize(timestampDelta) + varintSize(offsetDelta) + sizeOfContent(record));
  writer.int8(0); // attributes, unused in format 2
  writer.varlong(timestampDelta);
  writer.varint(offsetDelta);
  writeNullable(writer, record.key);
  writeNullable(writer, record.value);
  const headers = record.headers ?? [];
  writer.varint(headers.length);
  for (const { key, value } of headers) {
    const size = Buffer.byteLength(key);
    writer.varint(size);
    writer.utf8(key, size);
    writeNullable(writer, value);
  }
}

function writeNullable(writer: ByteWriter, value: Uint8Array | null): void {
  writer.varint(value === null ? NONE : value.length);
  if (value !== null) writer.bytes(value);
}

function sizeOfContent(record: EncodableRecord): number {
  const headers = record.headers ?? [];
  let size = nullableSize(record.key) + nullableSize(record.value) + varintSize(headers.length);
  for (const { key, value } of headers) {
    const keySize = Buffer.byteLength(key);
    size += varintSize(keySize) + keySize + nullableSize(value);
  }
  return size;
}

function nullableSize(value: Uint8Array | null): number {
  return value === null ? varintSize(NONE) : varintSize(value.length) + value.length;
}

function estimateBytes(records: readonly EncodableRecord[]): number {
  let size = BATCH_HEADER_BYTES;
  for (const record of records) size += 24 + sizeOfContent(record);
  return size;
}
