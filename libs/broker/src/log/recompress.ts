import {
  BATCH_HEADER_BYTES,
  ByteWriter,
  compress,
  compressAside,
  Compression,
  iterateRecords,
  KafkaError,
  repackBatch,
  writeRecord,
  type BatchView,
} from '@oubliette/protocol';
import type { Steps } from './large-appends.js';
import type { LogConfig } from './partition-log.js';
import type { RecordScan } from './record-checks.js';

/** Records that are written anew before others are let run. */
const restEvery = 4_096;

/** Bytes that a record written anew may take more: of its length, its timestamp's distance and its offset's. */
const mostGrowth = 16;

/** A batch's records, unpacked. */
export interface UnpackedBatch {
  readonly batch: BatchView;
  readonly payload: Uint8Array;
  readonly scan: RecordScan;
  /** So much that it is packed beside everything else. */
  readonly isLarge: boolean;
}

interface WrittenRecords {
  readonly payload: Uint8Array;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
}

/**
 * The batch's records in a new batch of another codec, as LogValidator.buildRecordsAndAssignOffsets makes it: offsets count from 0
 * without gaps, and the header keeps the producer's fields. Throws KafkaError MESSAGE_TOO_LARGE.
 */
export function* recompressed(unpacked: UnpackedBatch, codec: number, config: LogConfig): Steps<BatchView> {
  const { batch, scan, isLarge } = unpacked;
  const records =
    scan.isAsWritten && scan.maxTimestamp !== null
      ? asTheyStand(unpacked, scan.maxTimestamp)
      : yield* writtenAnew(unpacked);
  if (codec === Compression.none) assertFits(records.payload, config);
  const level = levelOf(codec, config);
  const payload = isLarge
    ? yield* packedAside(codec, records.payload, level)
    : compress(codec, records.payload, level);
  // Before it is copied: what does not fit may be large.
  assertFits(payload, config);
  return repackBatch(batch, { ...records, codec, payload });
}

function* packedAside(codec: number, payload: Uint8Array, level: number | undefined): Steps<Uint8Array> {
  return yield () => compressAside(codec, payload, level);
}

function assertFits({ length }: Uint8Array, { maxMessageBytes }: LogConfig): void {
  const size = BATCH_HEADER_BYTES + length;
  if (size <= maxMessageBytes) return;
  throw new KafkaError(
    'MESSAGE_TOO_LARGE',
    `re-compressed, a batch of ${size} bytes exceeds max.message.bytes ${maxMessageBytes}`,
  );
}

function asTheyStand({ batch, payload }: UnpackedBatch, maxTimestamp: number): WrittenRecords {
  return { payload, baseTimestamp: batch.baseTimestamp, maxTimestamp: BigInt(maxTimestamp) };
}

function* writtenAnew({ batch, payload, isLarge }: UnpackedBatch): Steps<WrittenRecords> {
  // Room for all, though little of it is used: to move what was written to more of it would hold everybody up.
  const writer = new ByteWriter(payload.length + batch.recordCount * mostGrowth);
  let baseTimestamp = -1n;
  let maxTimestamp = -1n;
  let index = 0;
  for (const { timestamp, key, value, headers } of iterateRecords(batch, { payload })) {
    if (index === 0) baseTimestamp = timestamp;
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    writeRecord(writer, { timestamp, key, value, headers }, index, baseTimestamp);
    index += 1;
    if (isLarge && index % restEvery === 0) yield null;
  }
  return { payload: writer.finish(), baseTimestamp, maxTimestamp };
}

function levelOf(codec: number, config: LogConfig): number | undefined {
  switch (codec) {
    case Compression.gzip:
      return config.compressionGzipLevel;
    case Compression.lz4:
      return config.compressionLz4Level;
    case Compression.zstd:
      return config.compressionZstdLevel;
    default:
      return undefined;
  }
}
