import { Buffer } from 'node:buffer';
import { crc32c } from './crc32c.js';

/** Bytes before `partitionLeaderEpoch`: baseOffset and batchLength, which the length does not count. */
export const BATCH_LENGTH_OVERHEAD = 12;
/** Bytes of a whole batch header; the records follow. */
export const BATCH_HEADER_BYTES = 61;

const AT = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

/** Bits of the attributes (Kafka's DefaultRecordBatch): the lowest three are the compression codec. */
export const BatchAttribute = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/**
 * A record batch of magic 2 in place: reads and sets header fields in the bytes it stands in, without a copy. The caller
 * has made sure that the whole batch lies in `bytes` (see `iterateBatches`). Times in ms since the Unix epoch.
 */
export class BatchView {
  readonly #buffer: Buffer;
  /** Where the batch starts in the bytes it was made over. */
  readonly position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.position = position;
  }

  get baseOffset(): bigint {
    return this.#buffer.readBigInt64BE(this.position + AT.baseOffset);
  }

  get lastOffset(): bigint {
    return this.baseOffset + BigInt(this.lastOffsetDelta);
  }

  get nextOffset(): bigint {
    return this.lastOffset + 1n;
  }

  /** Bytes behind the length field. */
  get batchLength(): number {
    return this.#buffer.readInt32BE(this.position + AT.batchLength);
  }

  /** Bytes of the whole batch, header included. */
  get sizeBytes(): number {
    return BATCH_LENGTH_OVERHEAD + this.batchLength;
  }

  get leaderEpoch(): number {
    return this.#buffer.readInt32BE(this.position + AT.leaderEpoch);
  }

  get magic(): number {
    return this.#buffer.readInt8(this.position + AT.magic);
  }

  get crc(): number {
    return this.#buffer.readUInt32BE(this.position + AT.crc);
  }

  get attributes(): number {
    return this.#buffer.readInt16BE(this.position + AT.attributes);
  }

  /** The number of the codec, 0–7. */
  get compression(): number {
    return this.attributes & BatchAttribute.compressionMask;
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & BatchAttribute.logAppendTime) !== 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & BatchAttribute.transactional) !== 0;
  }

  get isControl(): boolean {
    return (this.attributes & BatchAttribute.control) !== 0;
  }

  /** When tombstones of this batch may go, or null (KIP-534); it stands in place of the base timestamp. */
  get deleteHorizonMs(): bigint | null {
    return (this.attributes & BatchAttribute.deleteHorizon) === 0 ? null : this.baseTimestamp;
  }

  get lastOffsetDelta(): number {
    return this.#buffer.readInt32BE(this.position + AT.lastOffsetDelta);
  }

  get baseTimestamp(): bigint {
    return this.#buffer.readBigInt64BE(this.position + AT.baseTimestamp);
  }

  get maxTimestamp(): bigint {
    return this.#buffer.readBigInt64BE(this.position + AT.maxTimestamp);
  }

  /** -1 when the producer is not idempotent. */
  get producerId(): bigint {
    return this.#buffer.readBigInt64BE(this.position + AT.producerId);
  }

  get producerEpoch(): number {
    return this.#buffer.readInt16BE(this.position + AT.producerEpoch);
  }

  get baseSequence(): number {
    return this.#buffer.readInt32BE(this.position + AT.baseSequence);
  }

  /** Sequence numbers wrap from 2^31-1 to 0. */
  get lastSequence(): number {
    const base = this.baseSequence;
    if (base === -1) return -1;
    return (base + this.lastOffsetDelta) % 0x80000000;
  }

  get recordCount(): number {
    return this.#buffer.readInt32BE(this.position + AT.recordCount);
  }

  /** The whole batch, a view. */
  get bytes(): Uint8Array {
    return this.#view(this.position, this.sizeBytes);
  }

  /** The records behind the header, compressed as they stand, a view. */
  get payload(): Uint8Array {
    return this.#view(this.position + BATCH_HEADER_BYTES, this.sizeBytes - BATCH_HEADER_BYTES);
  }

  #view(start: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + start, length);
  }

  /** The CRC-32C of attributes to end. */
  computeCrc(): number {
    return crc32c(this.#view(this.position + AT.attributes, this.sizeBytes - AT.attributes));
  }

  isIntact(): boolean {
    return this.computeCrc() === this.crc;
  }

  /** Lies before the part that the CRC covers. */
  setBaseOffset(offset: bigint): void {
    this.#buffer.writeBigInt64BE(offset, this.position + AT.baseOffset);
  }

  /** Lies before the part that the CRC covers. */
  setLeaderEpoch(epoch: number): void {
    this.#buffer.writeInt32BE(epoch, this.position + AT.leaderEpoch);
  }

  /** Marks the batch as stamped by the log at `timestamp` and renews the CRC. */
  setLogAppendTime(timestamp: bigint): void {
    this.#setTime(this.attributes | BatchAttribute.logAppendTime, timestamp);
  }

  /** Marks the batch's timestamps as the producer's, the highest of them `maxTimestamp`, and renews the CRC. */
  setCreateTime(maxTimestamp: bigint): void {
    this.#setTime(this.attributes & ~BatchAttribute.logAppendTime, maxTimestamp);
  }

  #setTime(attributes: number, maxTimestamp: bigint): void {
    this.#buffer.writeInt16BE(attributes, this.position + AT.attributes);
    this.#buffer.writeBigInt64BE(maxTimestamp, this.position + AT.maxTimestamp);
    this.#buffer.writeUInt32BE(this.computeCrc(), this.position + AT.crc);
  }
}
