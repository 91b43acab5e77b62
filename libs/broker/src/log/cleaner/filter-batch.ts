import {
  Compression,
  encodeBatch,
  iterateRecords,
  type BatchSpec,
  type BatchView,
  type DecodedRecord,
} from '@oubliette/protocol';
import type { ProducerStates } from '../producer-states.js';
import type { OffsetMap } from './offset-map.js';

/** What decides over a batch's records. */
export interface CleaningRules {
  /** The latest offset of each key seen in the dirty part. */
  readonly latest: OffsetMap;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  /** A producer's last batch stays, if only as an empty one: its sequence number stands nowhere else. */
  readonly producers: ProducerStates;
}

/**
 * A batch after cleaning, by Kafka's Cleaner: the bytes as they stood when nothing goes, new ones when something does, null when the
 * whole batch goes. Offsets never change. A tombstone stays until its batch's delete horizon, which the first cleaning sets
 * (KIP-534).
 */
export function filterBatch(batch: BatchView, rules: CleaningRules): Uint8Array | null {
  if (batch.isControl) return batch.bytes;
  const horizon = batch.deleteHorizonMs;
  const kept: DecodedRecord[] = [];
  for (const record of iterateRecords(batch)) {
    if (staysRecord(record, horizon, rules)) kept.push(record);
  }
  const isLastOfProducer = isLastBatch(batch, rules.producers);
  if (kept.length === 0 && !isLastOfProducer) return null;
  const needsHorizon = horizon === null && kept.some((record) => record.value === null);
  if (kept.length === batch.recordCount && !needsHorizon) return batch.bytes;
  const newHorizon = needsHorizon ? BigInt(rules.nowMs + rules.deleteRetentionMs) : horizon;
  return encodeBatch({
    ...headerOf(batch, kept),
    ...(newHorizon !== null && kept.length > 0 ? { deleteHorizonMs: newHorizon } : {}),
  });
}

function staysRecord(record: DecodedRecord, horizon: bigint | null, rules: CleaningRules): boolean {
  if (record.key === null || record.offset < rules.latest.get(record.key)) return false;
  return record.value !== null || horizon === null || BigInt(rules.nowMs) < horizon;
}

function isLastBatch(batch: BatchView, producers: ProducerStates): boolean {
  if (batch.producerId < 0n) return false;
  const state = producers.get(batch.producerId);
  return state?.epoch === batch.producerEpoch && state.batches.at(-1)?.lastOffset === batch.lastOffset;
}

function headerOf(batch: BatchView, records: readonly DecodedRecord[]): BatchSpec {
  const packed = batch.compression === Compression.gzip && records.length > 0;
  return {
    records,
    baseOffset: batch.baseOffset,
    lastOffsetDelta: batch.lastOffsetDelta,
    leaderEpoch: batch.leaderEpoch,
    baseTimestamp: batch.baseTimestamp,
    ...(batch.isLogAppendTime ? { logAppendTime: batch.maxTimestamp } : {}),
    ...(records.length === 0 ? { maxTimestamp: batch.maxTimestamp } : {}),
    compression: packed ? 'gzip' : 'none',
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
  };
}
