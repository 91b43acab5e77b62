import { Buffer } from 'node:buffer';
import { BATCH_HEADER_BYTES, BATCH_LENGTH_OVERHEAD, BatchView } from '@oubliette/protocol';
import type { DiskFile } from '@oubliette/runtime';

const chunkBytes = 2 * 1024;
/** What lies behind the last indexed batch takes a read or two; a longer way lets others run. */
const readsAtOnce = 16;
const magic = 2;

/**
 * Visits the headers of a file's batches from `from` (the start of a batch) to `to`, without reading their records (Kafka's
 * FileLogInputStream). The view holds a header alone, and only while it is visited. Stops as `scanBatches` does; resolves to the
 * position behind the last batch that was visited with true.
 */
export async function scanHeaders(
  file: DiskFile,
  from: number,
  to: number,
  visit: (header: BatchView) => boolean,
): Promise<number> {
  // Not from a slab that Node shares among buffers: what else lies in it, such as an index, would keep this too.
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let position = from;
  let [chunkStart, chunkEnd] = [from, from];
  for (let reads = 0; position < to;) {
    if (position + BATCH_HEADER_BYTES > chunkEnd) {
      const wanted = Math.min(chunkBytes, to - position);
      const length =
        reads++ < readsAtOnce
          ? file.readSync(chunk, 0, wanted, position)
          : await file.read(chunk, 0, wanted, position);
      if (length < BATCH_HEADER_BYTES) return position;
      [chunkStart, chunkEnd] = [position, position + length];
    }
    const batch = new BatchView(chunk, position - chunkStart);
    if (batch.magic !== magic || batch.batchLength < BATCH_HEADER_BYTES - BATCH_LENGTH_OVERHEAD) break;
    const end = position + batch.sizeBytes;
    if (end > to || !visit(batch)) break;
    position = end;
  }
  return position;
}
