import {
  BATCH_HEADER_BYTES,
  decompress,
  iterateBatches,
  KafkaError,
  type BatchView,
} from '@oubliette/protocol';
import type { LogConfig } from './partition-log.js';
import { checkRecords } from './record-checks.js';

/** A bound on what a compressed batch may unpack to, as a multiple of max.message.bytes. */
const maxExpansion = 64;

/**
 * The batches of an append, each checked by Kafka's rules (LogValidator). Throws KafkaError: CORRUPT_MESSAGE, INVALID_RECORD,
 * MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_TIMESTAMP, UNSUPPORTED_COMPRESSION_TYPE. Changes nothing.
 */
export function checkedBatches(records: Uint8Array, config: LogConfig, nowMs: number): readonly BatchView[] {
  if (records.length > config.segmentBytes) {
    throw new KafkaError(
      'RECORD_LIST_TOO_LARGE',
      `${records.length} bytes exceed segment.bytes ${config.segmentBytes}`,
    );
  }
  const batches: BatchView[] = [];
  for (const batch of iterateBatches(records)) {
    checkBatch(batch, config, nowMs);
    batches.push(batch);
  }
  if (batches.length === 0) throw new KafkaError('INVALID_RECORD', 'an append holds at least one batch');
  return batches;
}

function checkBatch(batch: BatchView, config: LogConfig, nowMs: number): void {
  if (batch.sizeBytes > config.maxMessageBytes) {
    throw new KafkaError(
      'MESSAGE_TOO_LARGE',
      `a batch of ${batch.sizeBytes} bytes exceeds max.message.bytes ${config.maxMessageBytes}`,
    );
  }
  if (batch.baseOffset !== 0n) {
    throw new KafkaError('INVALID_RECORD', `the base offset of a sent batch is 0, not ${batch.baseOffset}`);
  }
  const { recordCount, lastOffsetDelta } = batch;
  if (recordCount < 1 || lastOffsetDelta !== recordCount - 1) {
    throw new KafkaError(
      'INVALID_RECORD',
      `a batch of ${recordCount} records cannot have the last offset delta ${lastOffsetDelta}`,
    );
  }
  if (batch.producerId >= 0n && (batch.producerEpoch < 0 || batch.baseSequence < 0)) {
    throw new KafkaError('INVALID_RECORD', 'an idempotent batch needs a producer epoch and a sequence');
  }
  if (batch.deleteHorizonMs !== null) {
    throw new KafkaError('INVALID_RECORD', 'only the log cleaner sets a delete horizon');
  }
  checkTimestamp(batch, config, nowMs);
  const limit = Math.max(config.maxMessageBytes * maxExpansion, BATCH_HEADER_BYTES);
  checkRecords(decompress(batch.compression, batch.payload, limit), recordCount, {
    needsKeys: config.cleanupPolicy.has('compact') && !batch.isControl,
  });
}

function checkTimestamp(batch: BatchView, config: LogConfig, nowMs: number): void {
  if (config.messageTimestampType === 'LogAppendTime') return;
  if (batch.isLogAppendTime) {
    throw new KafkaError('INVALID_TIMESTAMP', 'a producer may not send batches stamped as log append time');
  }
  const newest = Number(batch.maxTimestamp) - nowMs;
  const age = nowMs - Number(batch.baseTimestamp);
  const unknown = batch.maxTimestamp === -1n;
  if (!unknown && (newest > config.messageTimestampAfterMaxMs || age > config.messageTimestampBeforeMaxMs)) {
    throw new KafkaError(
      'INVALID_TIMESTAMP',
      `a timestamp is ${newest} ms ahead of or ${age} ms behind the broker's clock: see message.timestamp.{after,before}.max.ms`,
    );
  }
}
