import { KafkaError } from '../kafka-error.js';
import { ProtocolError } from '../errors.js';
import { ByteReader } from '../wire/byte-reader.js';
import { decompress, MAX_UNCOMPRESSED_BYTES } from './compression.js';
import type { BatchView } from './batch-view.js';

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** One record of a batch. Keys, values and header values are views of the batch or of its unpacked payload. */
export interface DecodedRecord {
  readonly offset: bigint;
  readonly offsetDelta: number;
  /** ms since the Unix epoch; of a batch stamped by the log, the log's. */
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);
export interface IterateRecordsOptions {
  /** Bound on the unpacked payload, in bytes. */
  readonly maxUncompressedBytes?: number;
  /** The payload where it is unpacked already. */
  readonly payload?: Uint8Array;
}

/**
 * The records of a batch in order. Throws `KafkaError`: UNSUPPORTED_COMPRESSION_TYPE, CORRUPT_MESSAGE when the payload does
 * not unpack, INVALID_RECORD when it does not hold exactly the records that the header counts.
 */
export function* iterateRecords(
  batch: BatchView,
  options: IterateRecordsOptions = {},
): Generator<DecodedRecord, void, undefined> {
  const bound = options.maxUncompressedBytes ?? MAX_UNCOMPRESSED_BYTES;
  const payload = options.payload ?? decompress(batch.compression, batch.payload, bound);
  const { recordCount, baseOffset, baseTimestamp } = batch;
  const stamped = batch.isLogAppendTime ? batch.maxTimestamp : null;
  if (recordCount < 0) throw new KafkaError('INVALID_RECORD', `a batch of ${recordCount} records`);
  const reader = new ByteReader(payload);
  for (let index = 0; index < recordCount; index++) {
    yield readRecord(reader, index, baseOffset, baseTimestamp, stamped);
  }
  if (reader.remaining !== 0) {
    throw new KafkaError(
      'INVALID_RECORD',
      `${reader.remaining} bytes stand behind the last record of a batch`,
    );
  }
}

function readRecord(
  reader: ByteReader,
  index: number,
  baseOffset: bigint,
  baseTimestamp: bigint,
  stamped: bigint | null,
): DecodedRecord {
  try {
    const length = reader.varint();
    const start = reader.position;
    reader.skip(1); // attributes, unused in format 2
    const timestampDelta = reader.varlong();
    const offsetDelta = reader.varint();
    const key = nullableBytes(reader);
    const value = nullableBytes(reader);
    const headers = readHeaders(reader);
    if (reader.position - start !== length) {
      throw new KafkaError(
        'INVALID_RECORD',
        `record ${index} says ${length} bytes, has ${reader.position - start}`,
      );
    }
    return {
      offset: baseOffset + BigInt(offsetDelta),
      offsetDelta,
      timestamp: stamped ?? baseTimestamp + timestampDelta,
      key,
      value,
      headers,
    };
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new KafkaError('INVALID_RECORD', `record ${index} of a batch: ${cause.message}`, { cause });
  }
}

function nullableBytes(reader: ByteReader): Uint8Array | null {
  const length = reader.varint();
  if (length === -1) return null;
  return reader.bytes(length);
}

function readHeaders(reader: ByteReader): readonly RecordHeader[] {
  const count = reader.varint();
  if (count === 0) return NO_HEADERS;
  if (count < 0) throw new ProtocolError('INVALID_LENGTH', `${count} headers`);
  const headers: RecordHeader[] = [];
  for (let index = 0; index < count; index++) {
    headers.push({ key: reader.utf8(reader.varint()), value: nullableBytes(reader) });
  }
  return headers;
}
