import { Buffer } from 'node:buffer';
import { KafkaError } from '../kafka-error.js';
import { BATCH_HEADER_BYTES, BATCH_LENGTH_OVERHEAD, BatchView } from './batch-view.js';

const MAGIC_AT = 16;
const LENGTH_AT = 8;

export interface IterateBatchesOptions {
  /** Compare each batch's CRC-32C; default true. */
  readonly checkCrc?: boolean;
  /** What a batch cut off at the end of the bytes is: an error (default), or the end, as in the answer to a fetch. */
  readonly partialTail?: 'refuse' | 'ignore';
}

/**
 * The batches in `bytes`, one behind the other. Throws `KafkaError`: CORRUPT_MESSAGE for a wrong length, a cut batch or a
 * wrong CRC, INVALID_RECORD for a magic other than 2 (as Kafka's ProduceRequest does for older message formats).
 */
export function* iterateBatches(
  bytes: Uint8Array,
  options: IterateBatchesOptions = {},
): Generator<BatchView, void, undefined> {
  const { checkCrc = true, partialTail = 'refuse' } = options;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let position = 0;
  while (position < buffer.length) {
    const batch = batchAt(buffer, position);
    if (batch === null) {
      if (partialTail === 'ignore') return;
      throw new KafkaError(
        'CORRUPT_MESSAGE',
        `the batch at byte ${position} is cut off at byte ${buffer.length}`,
      );
    }
    if (checkCrc && !batch.isIntact()) {
      throw new KafkaError('CORRUPT_MESSAGE', `the batch at byte ${position} fails its CRC-32C`);
    }
    position += batch.sizeBytes;
    yield batch;
  }
}

/** The batch at `position`, or null when the bytes end before it does. Throws `KafkaError` as `iterateBatches`; no CRC check. */
export function batchAt(bytes: Uint8Array, position: number): BatchView | null {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const available = buffer.length - position;
  if (available <= MAGIC_AT) return null;
  const batchLength = buffer.readInt32BE(position + LENGTH_AT);
  const magic = buffer.readInt8(position + MAGIC_AT);
  if (magic !== 2) {
    throw new KafkaError(
      'INVALID_RECORD',
      `message format ${magic} at byte ${position}, only format 2 is served`,
    );
  }
  if (batchLength < BATCH_HEADER_BYTES - BATCH_LENGTH_OVERHEAD) {
    throw new KafkaError('CORRUPT_MESSAGE', `batch length ${batchLength} at byte ${position} is too small`);
  }
  if (BATCH_LENGTH_OVERHEAD + batchLength > available) return null;
  return new BatchView(buffer, position);
}
