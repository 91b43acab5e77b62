import {
  Compression,
  encodeBatch,
  iterateRecords,
  type BatchSpec,
  type BatchView,
  type CompressionName,
  type DecodedRecord,
} from '@oubliette/protocol';
import type { ProducerState } from '../producer-states.js';
import type { CleanedTransactions } from './cleaned-transactions.js';
import type { OffsetMap } from './offset-map.js';
import type { Pace } from './pace.js';

/** What decides over a batch's records. */
export interface CleaningRules {
  /** The latest offset of each key seen in the dirty part. */
  readonly latest: OffsetMap;
  /** The batch that ends right below it stays, if only as an empty one: the end of the cleaned part stands nowhere else. */
  readonly endOffset: bigint;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  readonly transactions: CleanedTransactions;
  /** A producer's last batch stays, if only as an empty one: its sequence number and epoch stand nowhere else. */
  readonly lastBatches: ReadonlyMap<bigint, LastBatch>;
  readonly pace: Pace;
}

/** The last thing that is known of a producer (Kafka's LastRecord). */
export interface LastBatch {
  readonly epoch: number;
  /** Null when a marker is all. */
  readonly lastOffset: bigint | null;
}

export function lastBatchesOf(states: Iterable<readonly [bigint, ProducerState]>): Map<bigint, LastBatch> {
  const last = new Map<bigint, LastBatch>();
  for (const [producerId, { epoch, batches }] of states) {
    last.set(producerId, { epoch, lastOffset: batches.at(-1)?.lastOffset ?? null });
  }
  return last;
}

/** Between records, how often to look whether others wait. */
const recordsBetweenLooks = 256;

/**
 * A batch after cleaning, by Kafka's Cleaner and MemoryRecords.filterTo: the bytes as they stood when nothing goes, new ones when
 * something does, null when the whole batch goes. Offsets never change. A tombstone, and a marker whose transaction has no batch
 * left, stay until their batch's delete horizon, which the first cleaning sets (KIP-534).
 */
export async function filterBatch(batch: BatchView, rules: CleaningRules): Promise<Uint8Array | null> {
  const horizon = batch.deleteHorizonMs;
  const mayGo = batch.isControl ? rules.transactions.passControl(batch) : rules.transactions.passData(batch);
  const expires = horizon !== null && horizon <= BigInt(rules.nowMs);
  const allGo = mayGo && (!batch.isControl || expires);
  const staysEmpty = isLastBatch(batch, rules) || batch.nextOffset === rules.endOffset;
  if (allGo) return staysEmpty ? emptied(batch) : null;
  const kept = await keptRecords(batch, rules, expires);
  if (kept.length === 0) return staysEmpty ? emptied(batch) : null;
  const awaitsHorizon = (batch.isControl && mayGo) || kept.some((record) => record.value === null);
  if (kept.length === batch.recordCount && (horizon !== null || !awaitsHorizon)) return batch.bytes;
  const newHorizon = awaitsHorizon ? BigInt(rules.nowMs + rules.deleteRetentionMs) : null;
  return rewritten(batch, kept, horizon ?? newHorizon);
}

async function keptRecords(
  batch: BatchView,
  rules: CleaningRules,
  expires: boolean,
): Promise<DecodedRecord[]> {
  const kept: DecodedRecord[] = [];
  let seen = 0;
  for (const record of iterateRecords(batch)) {
    const rest = ++seen % recordsBetweenLooks === 0 ? rules.pace.rest() : null;
    if (rest !== null) await rest;
    if (batch.isControl || staysRecord(record, rules.latest, expires)) kept.push(record);
  }
  return kept;
}

function staysRecord({ offset, key, value }: DecodedRecord, latest: OffsetMap, expires: boolean): boolean {
  if (offset > latest.latestOffset) return true;
  if (key === null || offset < latest.get(key)) return false;
  return value !== null || !expires;
}

function isLastBatch(batch: BatchView, { lastBatches }: CleaningRules): boolean {
  const last = batch.producerId < 0n ? undefined : lastBatches.get(batch.producerId);
  if (last === undefined) return false;
  return last.lastOffset === null
    ? batch.isControl && batch.producerEpoch === last.epoch
    : batch.lastOffset === last.lastOffset;
}

/** The header alone (DefaultRecordBatch.writeEmptyHeader). */
function emptied(batch: BatchView): Uint8Array {
  return encodeBatch({ ...headerOf(batch), records: [], maxTimestamp: batch.maxTimestamp });
}

/** As Kafka's MemoryRecordsBuilder writes it: the timestamps of the header are those of the records that are left. */
function rewritten(
  batch: BatchView,
  records: readonly DecodedRecord[],
  deleteHorizonMs: bigint | null,
): Uint8Array {
  return encodeBatch({
    ...headerOf(batch),
    records,
    compression: codecName(batch.compression),
    ...(deleteHorizonMs !== null ? { deleteHorizonMs } : {}),
  });
}

function headerOf(batch: BatchView): Omit<BatchSpec, 'records'> {
  return {
    baseOffset: batch.baseOffset,
    lastOffsetDelta: batch.lastOffsetDelta,
    leaderEpoch: batch.leaderEpoch,
    ...(batch.isLogAppendTime ? { logAppendTime: batch.maxTimestamp } : {}),
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
  };
}

function codecName(codec: number): CompressionName {
  for (const [name, number] of Object.entries(Compression)) {
    if (number === codec) return name as CompressionName;
  }
  throw new RangeError(`compression codec ${codec} is unknown`);
}
