import { iterateRecords, type BatchView, type DecodedRecord } from '@oubliette/protocol';
import type { Steps } from './large-appends.js';
import { unpackBatch } from './unpack-batch.js';

/** Records that are looked at before others are let run. */
const restEvery = 4_096;

/**
 * The first wanted record of a stored batch, or null; in steps where the batch is large, as its append was checked. Throws KafkaError
 * where it cannot be read.
 */
export function* findRecord(
  batch: BatchView,
  isWanted: (record: DecodedRecord) => boolean,
): Steps<DecodedRecord | null> {
  const payload = yield* unpackBatch(batch);
  let looked = 0;
  for (const record of iterateRecords(batch, { payload })) {
    if (isWanted(record)) return record;
    looked += 1;
    if (looked % restEvery === 0) yield null;
  }
  return null;
}
