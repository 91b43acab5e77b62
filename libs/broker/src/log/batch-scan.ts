import { Buffer } from 'node:buffer';
import { batchAt, KafkaError, type BatchView } from '@oubliette/protocol';
import type { DiskFile } from '@oubliette/runtime';

const chunkBytes = 256 * 1024;
const lengthFieldEnd = 12;

/**
 * Visits the batches of a file from `from` (the start of a batch) to `to`, reading in chunks without blocking. Stops where a batch is
 * cut off or has no valid header, or when the visitor returns false. Resolves to the position behind the last batch that was
 * visited with true.
 */
export async function scanBatches(
  file: DiskFile,
  from: number,
  to: number,
  visit: (batch: BatchView, position: number) => boolean,
): Promise<number> {
  let position = from;
  let wanted = chunkBytes;
  while (position < to) {
    const chunk = Buffer.allocUnsafe(Math.min(wanted, to - position));
    const length = await file.read(chunk, 0, chunk.length, position);
    const filled = chunk.subarray(0, length);
    const consumed = visitChunk(filled, position, visit);
    position += consumed.bytes;
    if (consumed.stopped) return position;
    if (consumed.bytes === 0) {
      const needed = neededBytes(filled);
      if (needed <= length || needed > to - position) return position;
      wanted = needed;
    } else wanted = chunkBytes;
  }
  return position;
}

function visitChunk(
  chunk: Buffer,
  position: number,
  visit: (batch: BatchView, position: number) => boolean,
): { bytes: number; stopped: boolean } {
  let at = 0;
  while (at < chunk.length) {
    const batch = validBatchAt(chunk, at);
    if (batch === 'invalid') return { bytes: at, stopped: true };
    if (batch === null) break;
    const size = batch.sizeBytes;
    if (!visit(batch, position + at)) return { bytes: at, stopped: true };
    at += size;
  }
  return { bytes: at, stopped: false };
}

function validBatchAt(chunk: Buffer, at: number): BatchView | null | 'invalid' {
  try {
    return batchAt(chunk, at);
  } catch (error) {
    if (error instanceof KafkaError) return 'invalid';
    throw error;
  }
}

/** Bytes of the batch at the start of `head`, 0 when not even its length is there. */
function neededBytes(head: Buffer): number {
  return head.length < lengthFieldEnd ? 0 : lengthFieldEnd + head.readInt32BE(lengthFieldEnd - 4);
}

/**
 * The batches of a file from `from` to `to`, read in chunks without blocking. Throws KafkaError CORRUPT_MESSAGE where a
 * batch is cut off.
 */
export async function* readBatches(
  file: DiskFile,
  from: number,
  to: number,
): AsyncGenerator<readonly { readonly batch: BatchView; readonly position: number }[], void, undefined> {
  let position = from;
  let wanted = chunkBytes;
  while (position < to) {
    const chunk = Buffer.allocUnsafe(Math.min(wanted, to - position));
    const length = await file.read(chunk, 0, chunk.length, position);
    const found: { batch: BatchView; position: number }[] = [];
    const filled = chunk.subarray(0, length);
    const consumed = visitChunk(filled, position, (batch, at) => found.push({ batch, position: at }) > 0);
    if (consumed.bytes === 0) {
      const needed = neededBytes(filled);
      if (consumed.stopped || needed <= length || needed > to - position) {
        throw new KafkaError('CORRUPT_MESSAGE', `${file.path} holds no whole batch at byte ${position}`);
      }
      wanted = needed;
      continue;
    }
    wanted = chunkBytes;
    position += consumed.bytes;
    yield found;
  }
}
