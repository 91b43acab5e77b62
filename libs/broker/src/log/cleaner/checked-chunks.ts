import { KafkaError, type BatchView } from '@oubliette/protocol';
import { readBatches } from '../batch-scan.js';
import type { Segment } from '../segment.js';
import type { CleaningTools } from './cleaning-tools.js';

/** The cleaning was given up because the log or the broker stops; nothing was changed by the unfinished part. */
export class CleaningStopped extends Error {
  override readonly name = 'CleaningStopped';
}

/**
 * A segment's batches from a position on, some at a time, each with its CRC and its place checked: Kafka's cleaner does not look and gives a damaged
 * record that it copies a new, right checksum. Throws KafkaError CORRUPT_MESSAGE, or CleaningStopped.
 */
export async function* checkedChunks(
  segment: Segment,
  from: number,
  { isStopping, pace }: Pick<CleaningTools, 'isStopping' | 'pace'>,
): AsyncGenerator<readonly BatchView[], void, undefined> {
  let before = segment.baseOffset - 1n;
  for await (const chunk of readBatches(segment.file, from, segment.sizeBytes)) {
    if (isStopping()) throw new CleaningStopped('the cleaner stops');
    let bytes = 0;
    for (const { batch, position } of chunk) {
      if (!batch.isIntact()) {
        throw new KafkaError('CORRUPT_MESSAGE', `${segment.file.path} fails its CRC-32C at byte ${position}`);
      }
      // The CRC-32C leaves the base offset out.
      const { baseOffset, lastOffset } = batch;
      if (baseOffset <= before || lastOffset >= segment.nextOffset) {
        const fault = 'a batch whose offset is not of its place';
        throw new KafkaError('CORRUPT_MESSAGE', `${segment.file.path} holds ${fault} at byte ${position}`);
      }
      before = lastOffset;
      bytes += batch.sizeBytes;
    }
    await pace.moved(bytes);
    yield chunk.map(({ batch }) => batch);
  }
}
