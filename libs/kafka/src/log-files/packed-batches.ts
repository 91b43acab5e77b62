import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_OVERHEAD,
  BatchView,
  decompressAside,
  KafkaError,
} from '@oubliette/protocol';
import type { DiskFile } from '@oubliette/runtime';
import { FileWindow } from './file-window.js';

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
  const window = new FileWindow(file, file.size(), WINDOW);
  while ((await window.need(BATCH_HEADER_BYTES)) >= BATCH_HEADER_BYTES) {
    const { position } = window;
    const { magic, batchLength, sizeBytes, compression } = new BatchView(window.bytes);
    const isBatch = magic === 2 && batchLength >= BATCH_HEADER_BYTES - BATCH_LENGTH_OVERHEAD;
    if (!isBatch || position + sizeBytes > window.end) return;
    if (compression !== 0) {
      if (sizeBytes > LARGEST_BATCH) yield { position, code: 'MESSAGE_TOO_LARGE' };
      else if ((await window.need(sizeBytes)) < sizeBytes) return;
      else yield await unpacked(window.bytes.subarray(0, sizeBytes), position);
    }
    window.skip(sizeBytes);
  }
}

async function unpacked(bytes: Uint8Array, position: number): Promise<PackedBatch | BrokenBatch> {
  const batch = new BatchView(bytes);
  try {
    const records = await decompressAside(batch.compression, batch.payload, LARGEST_RECORDS);
    return { position, records };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { position, code: error.codeName };
  }
}
