import { batchAt, Compression, KafkaError, type BatchView } from '@oubliette/protocol';
import type { Steps } from './large-appends.js';
import type { LogConfig } from './partition-log.js';
import { recompressed } from './recompress.js';
import { RecordScanner, type RecordRules, type RecordScan } from './record-checks.js';
import { RecordValidationError } from './record-validation-error.js';
import { largeBytes, unpackBatch } from './unpack-batch.js';

/**
 * A bound on what a compressed batch may unpack to, where max.message.bytes is not more. Kafka has none: 90 KiB that unpack to
 * gigabytes take its heap.
 */
const maxUnpackedBytes = 64 * 1024 * 1024;
/** Records of a large batch that are checked before others are let run. */
const restEvery = 16_384;

export interface AppendContext {
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  readonly nowMs: number;
}

/** What is to be stored: the bytes that came, or others where the topic's settings ask for them. */
export interface ValidatedAppend {
  readonly records: Uint8Array;
  readonly batches: readonly BatchView[];
}

/**
 * Checks the batches of an append by Kafka's rules and in its order (UnifiedLog.analyzeAndValidateRecords, then LogValidator), and
 * re-compresses where the topic's compression.type asks for it. Changes of the bytes that came nothing but a wrong highest
 * timestamp. Throws KafkaError: INVALID_RECORD, MESSAGE_TOO_LARGE, CORRUPT_MESSAGE, INVALID_TIMESTAMP, RECORD_LIST_TOO_LARGE;
 * RecordValidationError where single records are at fault. Waits only where a batch is large.
 */
export function* validateAppend(records: Uint8Array, context: AppendContext): Steps<ValidatedAppend> {
  const { config } = context;
  const sent = wholeBatches(records, config);
  const [first] = sent.batches;
  if (first === undefined) throw new KafkaError('INVALID_RECORD', 'an append holds at least one batch');
  const stored: BatchView[] = [];
  for (const batch of sent.batches) stored.push(yield* validateBatch(batch, context));
  const isUnchanged = stored.every((batch, index) => batch === sent.batches[index]);
  const result = isUnchanged ? sent : joined(stored, config);
  if (result.records.length > config.segmentBytes) {
    throw new KafkaError(
      'RECORD_LIST_TOO_LARGE',
      `${result.records.length} bytes exceed segment.bytes ${config.segmentBytes}`,
    );
  }
  return result;
}

/** The batches without a rest that is none, each of an allowed size and intact. */
function wholeBatches(records: Uint8Array, config: LogConfig): ValidatedAppend {
  const batches: BatchView[] = [];
  let at = 0;
  for (let batch = batchAt(records, at); batch !== null; batch = batchAt(records, at)) {
    if (batch.baseOffset !== 0n) {
      throw new KafkaError('INVALID_RECORD', `the base offset of a sent batch is 0, not ${batch.baseOffset}`);
    }
    checkSize(batch, config);
    if (!batch.isIntact())
      throw new KafkaError('CORRUPT_MESSAGE', `the batch at byte ${at} fails its CRC-32C`);
    batches.push(batch);
    at += batch.sizeBytes;
  }
  return { records: at === records.length ? records : records.subarray(0, at), batches };
}

function checkSize(batch: BatchView, { maxMessageBytes }: LogConfig): void {
  if (batch.sizeBytes <= maxMessageBytes) return;
  throw new KafkaError(
    'MESSAGE_TOO_LARGE',
    `a batch of ${batch.sizeBytes} bytes exceeds max.message.bytes ${maxMessageBytes}`,
  );
}

/** The batch as it is to be stored: itself, or a re-compressed one. */
function* validateBatch(batch: BatchView, context: AppendContext): Steps<BatchView> {
  checkHeader(batch);
  const { config } = context;
  const payload = yield* unpacked(batch, config);
  const isLarge = payload.length > largeBytes;
  const scan = yield* scanned(batch, payload, isLarge, context);
  refuseRecords(scan);
  const other = targetCodec(batch, config);
  if (other !== null) return yield* recompressed({ batch, payload, scan, isLarge }, other, config);
  // Kafka would have to write the batch anew, and fails: it has read its records without keys and values (PartialDefaultRecord).
  if (batch.compression !== Compression.none && !scan.isCounted) {
    throw new KafkaError(
      'UNKNOWN_SERVER_ERROR',
      'the offset deltas of a compressed batch do not count from 0',
    );
  }
  if (config.messageTimestampType === 'CreateTime') correctMaxTimestamp(batch, scan.maxTimestamp);
  return batch;
}

function* scanned(
  batch: BatchView,
  payload: Uint8Array,
  isLarge: boolean,
  context: AppendContext,
): Steps<RecordScan> {
  const stamp = batch.isLogAppendTime ? Number(batch.maxTimestamp) : null;
  const frame = { count: batch.recordCount, baseTimestamp: Number(batch.baseTimestamp), stamp };
  const scanner = new RecordScanner(payload, frame, rulesOf(context));
  while (scanner.advance(isLarge ? restEvery : frame.count)) yield null;
  return scanner.end();
}

/** What does not unpack, or has no codec, Kafka answers with UNKNOWN_SERVER_ERROR. */
function* unpacked(batch: BatchView, { maxMessageBytes }: LogConfig): Steps<Uint8Array> {
  try {
    return yield* unpackBatch(batch, Math.max(maxMessageBytes, maxUnpackedBytes));
  } catch (cause) {
    if (!(cause instanceof KafkaError) || cause.codeName === 'MESSAGE_TOO_LARGE') throw cause;
    throw new KafkaError('UNKNOWN_SERVER_ERROR', cause.message, { cause });
  }
}

/** LogValidator.validateBatch for what a client sends. */
function checkHeader(batch: BatchView): void {
  const { recordCount, lastOffsetDelta } = batch;
  if (recordCount < 1 || lastOffsetDelta !== recordCount - 1) {
    throw new KafkaError(
      'INVALID_RECORD',
      `a batch of ${recordCount} records cannot have the last offset delta ${lastOffsetDelta}`,
    );
  }
  if (batch.isControl) throw new KafkaError('INVALID_RECORD', 'clients must not send control batches');
  if (batch.producerId !== -1n && batch.baseSequence < 0) {
    throw new KafkaError('INVALID_RECORD', 'a batch with a producer id needs a sequence');
  }
}

function rulesOf({ topic, partition, config, nowMs }: AppendContext): RecordRules {
  return {
    topicPartition: `${topic}-${partition}`,
    isCompacted: config.cleanupPolicy.has('compact'),
    timestampType: config.messageTimestampType,
    nowMs,
    beforeMaxMs: config.messageTimestampBeforeMaxMs,
    afterMaxMs: config.messageTimestampAfterMaxMs,
  };
}

/** LogValidator.processRecordErrors, its words included. */
function refuseRecords({ errors, errorCount, hasTimestampError }: RecordScan): void {
  if (errors.length === 0) return;
  if (hasTimestampError) {
    const text = 'One or more records have been rejected due to invalid timestamp';
    throw new RecordValidationError('INVALID_TIMESTAMP', text, errors);
  }
  const shown = errors.slice(0, 3).map(({ batchIndex, batchIndexErrorMessage: message }) => {
    return `RecordError(batchIndex=${batchIndex}, message=${message === '' ? 'null' : `'${message}'`})`;
  });
  const text = `One or more records have been rejected due to ${errorCount} record errors in total, and only showing the first three errors at most: [${shown.join(', ')}]`;
  throw new RecordValidationError('INVALID_RECORD', text, errors);
}

/** The codec to store with where it is another one than the batch's. */
function targetCodec(batch: BatchView, { compressionType }: LogConfig): number | null {
  if (compressionType === 'producer') return null;
  const target = Compression[compressionType === 'uncompressed' ? 'none' : compressionType];
  return target === batch.compression ? null : target;
}

/** The header's highest timestamp is the records', whatever the producer wrote (DefaultRecordBatch.setMaxTimestamp). */
function correctMaxTimestamp(batch: BatchView, maxTimestamp: number | null): void {
  const max = maxTimestamp === null ? batch.maxTimestamp : BigInt(maxTimestamp);
  if (batch.isLogAppendTime || batch.maxTimestamp !== max) batch.setCreateTime(max);
}

function joined(batches: readonly BatchView[], config: LogConfig): ValidatedAppend {
  // Re-compressed, a batch may have become too large.
  for (const batch of batches) checkSize(batch, config);
  const records = new Uint8Array(batches.reduce((size, batch) => size + batch.sizeBytes, 0));
  let at = 0;
  for (const batch of batches) {
    records.set(batch.bytes, at);
    at += batch.sizeBytes;
  }
  return wholeBatches(records, config);
}
