import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_OVERHEAD,
  BatchView,
  decompressAside,
  KafkaError,
} from '@oubliette/protocol';
import type { DiskFile } from '@oubliette/runtime';

/** A compressed batch of a segment file: its records unpacked, one behind the other as the log has them. */
export interface PackedBatch {
  /** Where it begins in the file, in bytes. */
  readonly position: number;
  readonly records: Uint8Array;
}

/** One that does not unpack, or is too large for that. */
export interface BrokenBatch {
  readonly position: number;
  readonly code: string;
}

/** A broker takes no batch as large as that, unless it was told to (`message.max.bytes`). */
const LARGEST_BATCH = 64 * 1024 * 1024;
const LARGEST_RECORDS = 256 * 1024 * 1024;
const WINDOW = 1024 * 1024;

/** Whether a file is called as Kafka calls segments: also those that wait for their deletion, or are being cleaned. */
export function isSegmentName(name: string): boolean {
  return /^\d{20}\.log(\.deleted|\.cleaned|\.swap)?$/.test(name);
}

/**
 * The compressed batches of a segment, up to where the file holds no more batches of format 2: what is not compressed is there to be seen.
 * The file stays the caller's.
 */
export async function* packedBatches(
  file: DiskFile,
): AsyncGenerator<PackedBatch | BrokenBatch, void, undefined> {
  const size = file.size();
  let window = new Uint8Array(0);
  let windowAt = 0;
  for (let position = 0; position + BATCH_HEADER_BYTES <= size;) {
    if (position + BATCH_HEADER_BYTES > windowAt + window.length) {
      window = await bytesAt(file, position, Math.min(WINDOW, size - position));
      windowAt = position;
    }
    const header = window.subarray(position - windowAt);
    if (header.length < BATCH_HEADER_BYTES) return;
    const { magic, batchLength, sizeBytes, compression } = new BatchView(header);
    const isBatch = magic === 2 && batchLength >= BATCH_HEADER_BYTES - BATCH_LENGTH_OVERHEAD;
    if (!isBatch || position + sizeBytes > size) return;
    if (compression !== 0) yield await unpacked(file, position, sizeBytes);
    position += sizeBytes;
  }
}

async function unpacked(
  file: DiskFile,
  position: number,
  sizeBytes: number,
): Promise<PackedBatch | BrokenBatch> {
  if (sizeBytes > LARGEST_BATCH) return { position, code: 'MESSAGE_TOO_LARGE' };
  const batch = new BatchView(await bytesAt(file, position, sizeBytes));
  try {
    const records = await decompressAside(batch.compression, batch.payload, LARGEST_RECORDS);
    return { position, records };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { position, code: error.codeName };
  }
}

/** Shorter where the file has become so. */
async function bytesAt(file: DiskFile, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(bytes, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
