import type { EncodableRecord } from '@oubliette/protocol';
import type { OutgoingRecord } from '../ports.js';
import { murmur2 } from './murmur2.js';

/** What goes to one partition in one batch. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: EncodableRecord[];
}

/**
 * Sorts records by partition, in order, as Java's producer does: the one that a record names, else by its key, else in turn.
 * `turn` counts records without a key; gives the batches and the next turn.
 */
export function partitionBatches(
  records: readonly OutgoingRecord[],
  partitionsOf: (topic: string) => number,
  timestamp: bigint,
  turn: number,
): { batches: PartitionBatch[]; turn: number } {
  const batches = new Map<string, Map<number, PartitionBatch>>();
  for (const { topic, partition, key, value, headers } of records) {
    const count = partitionsOf(topic);
    const chosen = partition ?? (key === null ? turn++ % count : (murmur2(key) & 0x7fffffff) % count);
    const ofTopic = batches.get(topic) ?? new Map<number, PartitionBatch>();
    batches.set(topic, ofTopic);
    const batch = ofTopic.get(chosen) ?? { topic, partition: chosen, records: [] };
    ofTopic.set(chosen, batch);
    batch.records.push({ key, value, timestamp, headers: headersOf(headers) });
  }
  return { batches: [...batches.values()].flatMap((ofTopic) => [...ofTopic.values()]), turn };
}

function headersOf(headers: OutgoingRecord['headers'] = {}): EncodableRecord['headers'] {
  return Object.entries(headers).map(([key, value]) => ({ key, value }));
}
