import {
  apis,
  batchAt,
  BATCH_HEADER_BYTES,
  BatchView,
  Compression,
  ErrorCode,
  KafkaError,
  withoutStack,
  type ErrorName,
  type RequestOf,
} from '@oubliette/protocol';
import type { PartitionLog } from '../log/partition-log.js';
import { RecordValidationError, type RecordError } from '../log/record-validation-error.js';
import { CloseConnectionError, defineHandler, type RequestContext } from '../server/api-handler.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { answerError } from './answer-error.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * Produce, versions 3 to 13 (topic ids from 13 on). acks=all is answered when the batch is synced, acks=1 when it is written,
 * acks=0 not at all: if such a batch is refused the connection is closed, as Kafka does, since there is no other way to tell.
 * Records at fault are named one by one from version 8 on (KIP-467). Transactional batches are refused. Version 0 is advertised,
 * as Kafka 4 does: librdkafka compresses only when it sees it (KAFKA-18659).
 */

type TopicData = RequestOf<'produce'>['topicData'][number];
type PartitionData = TopicData['partitionData'][number];

interface PartitionResponse {
  readonly index: number;
  readonly errorCode: number;
  /** Kafka has words only for records at fault; what is wrong else stands in this broker's log. */
  readonly errorMessage: string | null;
  readonly baseOffset: bigint;
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: bigint;
  readonly recordErrors: readonly RecordError[];
}

const acksAll = -1;
/** Lines about refused batches that one request may bring into the log. */
const maxRefusalLines = 10;

/** How many batches of one request were refused. */
interface Refusals {
  count: number;
}

const topicIdsFrom = 13;
/** More partitions than that are begun in slices, and one request at a time: few clients of Kafka's send so many. */
const wideFrom = 1_000;
/** Of them so many before others are let run. */
const restEvery = 64;
/** Where a batch's length ends, and where its format stands; no record of any format is smaller. */
const lengthEnd = 12;
const magicAt = 16;
const smallestRecord = 14;
/** The first version with zstd (KIP-110). */
const zstdFrom = 7;
/** Refusals that are answered without the log's start: those that ReplicaManager.appendToLocalLog lists by name. */
const withoutLogStart: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.RECORD_LIST_TOO_LARGE,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNKNOWN_TOPIC_ID,
]);

function refused(index: number, errorCode: number): PartitionResponse {
  return {
    index,
    errorCode,
    errorMessage: null,
    baseOffset: -1n,
    logAppendTimeMs: -1n,
    logStartOffset: -1n,
    recordErrors: [],
  };
}

function refusalOf(code: ErrorName, message?: string): KafkaError {
  return withoutStack(() => new KafkaError(code, message));
}

/** Exactly one whole batch of format 2 (ProduceRequest.validateRecords); what follows it and is no batch is not looked at. */
function checkRecords(records: Uint8Array, version: number): BatchView {
  checkHead(records);
  const batch = batchAt(records, 0);
  if (batch === null) throw refusalOf('INVALID_RECORD', 'a record batch is missing or cut off');
  if (version < zstdFrom && batch.compression === Compression.zstd) {
    throw refusalOf('UNSUPPORTED_COMPRESSION_TYPE', `Produce version ${version} knows no zstd`);
  }
  if (batchAt(records, batch.sizeBytes) !== null) {
    throw refusalOf('INVALID_RECORD', 'a partition takes exactly one record batch a request');
  }
  return batch;
}

/** What cannot be the beginning of a batch of any format (ByteBufferLogInputStream.nextBatchSize). */
function checkHead(records: Uint8Array): void {
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  if (records.length < lengthEnd) return;
  const size = view.getInt32(lengthEnd - 4);
  if (size < smallestRecord) {
    const what = `Record size ${size} is less than the minimum record overhead (${smallestRecord})`;
    throw withoutStack(() => new RecordValidationError('CORRUPT_MESSAGE', what));
  }
  if (records.length <= magicAt) return;
  const magic = view.getInt8(magicAt);
  if (magic < 0 || magic > 2) {
    throw withoutStack(
      () => new RecordValidationError('CORRUPT_MESSAGE', `Invalid magic found in record: ${magic}`),
    );
  }
}

/** Throws what keeps the request from the log; resolves to the log and the bytes for it. */
function admit(
  topic: string,
  { index, records }: PartitionData,
  acks: number,
  { broker, version }: RequestContext,
): { log: PartitionLog; records: Uint8Array } {
  const log = broker.topics.log(topic, index);
  if (records === null) throw refusalOf('INVALID_RECORD', 'a record batch is missing');
  const batch = checkRecords(records, version);
  if (acks < acksAll || acks > 1) throw refusalOf('INVALID_REQUIRED_ACKS');
  if (isInternalTopic(topic)) {
    throw refusalOf('INVALID_TOPIC_EXCEPTION', 'Cannot append to an internal topic');
  }
  if (batch.isTransactional && !batch.isControl) {
    throw refusalOf('INVALID_TXN_STATE', 'this broker serves no transactions');
  }
  return { log, records };
}

async function append(
  topic: string,
  partition: PartitionData,
  acks: number,
  context: RequestContext,
  refusals: Refusals,
): Promise<PartitionResponse> {
  const { index } = partition;
  let log: PartitionLog | null = null;
  try {
    const admitted = admit(topic, partition, acks, context);
    log = admitted.log;
    const isDurable = acks === acksAll;
    const result = await log.append(admitted.records, { durable: isDurable });
    if (isDurable) await result.durable;
    return {
      index,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      baseOffset: result.baseOffset,
      logAppendTimeMs: result.logAppendTime,
      logStartOffset: result.logStartOffset,
      recordErrors: [],
    };
  } catch (error) {
    return refusal(topic, index, error, log, context, refusals);
  }
}

function refusal(
  topic: string,
  index: number,
  error: unknown,
  log: PartitionLog | null,
  { broker }: RequestContext,
  refusals: Refusals,
): PartitionResponse {
  const { errorCode, errorMessage: reason } = answerError(error, broker.logger);
  refusals.count += 1;
  if (refusals.count <= maxRefusalLines) {
    broker.logger.warn('a produced batch was refused', {
      topic,
      partition: index,
      errorCode,
      ...(reason === null ? {} : { reason }),
    });
  }
  const logStartOffset = log === null || withoutLogStart.has(errorCode) ? -1n : log.logStartOffset;
  if (!(error instanceof RecordValidationError)) return { ...refused(index, errorCode), logStartOffset };
  const { recordErrors, clientMessage: errorMessage } = error;
  return { ...refused(index, errorCode), logStartOffset, recordErrors, errorMessage };
}

/**
 * Begins every append; unless they are many, before anything is awaited: the batches of a connection reach their logs in order.
 */
async function beginAppends(
  topicData: readonly TopicData[],
  acks: number,
  context: RequestContext,
  refusals: Refusals,
): Promise<Promise<PartitionResponse>[][]> {
  const isWide = topicData.reduce((sum, { partitionData }) => sum + partitionData.length, 0) > wideFrom;
  if (isWide) context.alone();
  const slice = isWide ? new TimeSlice(context.broker.clock) : null;
  const begun: Promise<PartitionResponse>[][] = [];
  let index = 0;
  for (const { name, topicId, partitionData } of topicData) {
    const topic = context.version >= topicIdsFrom ? context.broker.topics.nameOf(topicId) : name;
    const answers: Promise<PartitionResponse>[] = [];
    begun.push(answers);
    for (const partition of partitionData) {
      index += 1;
      const rest = index % restEvery === 0 ? slice?.rest() : null;
      if (rest) await rest;
      answers.push(
        topic === undefined
          ? Promise.resolve(refused(partition.index, ErrorCode.UNKNOWN_TOPIC_ID))
          : append(topic, partition, acks, context, refusals),
      );
    }
  }
  return begun;
}

function hasTransactional({ partitionData }: TopicData): boolean {
  return partitionData.some(({ records }) => {
    return records !== null && records.length >= BATCH_HEADER_BYTES && new BatchView(records).isTransactional;
  });
}

/** A transaction without a name is nobody's (KafkaApis.handleProduceRequest). */
function refuseAll({ name, topicId, partitionData }: TopicData) {
  const code = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  return { name, topicId, partitionResponses: partitionData.map(({ index }) => refused(index, code)) };
}

export const produce = defineHandler(
  apis.produce,
  { versions: [3, 13], advertisedMinVersion: 0, overlaps: true },
  async ({ topicData, acks, transactionalId }, context) => {
    if (transactionalId === null && topicData.some(hasTransactional)) {
      return { responses: topicData.map(refuseAll), throttleTimeMs: 0 };
    }
    const refusals: Refusals = { count: 0 };
    const answers = await beginAppends(topicData, acks, context, refusals);
    const responses = [];
    for (const [at, { name, topicId }] of topicData.entries()) {
      responses.push({ name, topicId, partitionResponses: await Promise.all(answers[at] ?? []) });
    }
    if (refusals.count > maxRefusalLines) {
      context.broker.logger.warn('a request had more batches refused', { refused: refusals.count });
    }
    if (acks === 0) {
      const failed = responses.some((topic) =>
        topic.partitionResponses.some(({ errorCode }) => errorCode !== 0),
      );
      if (failed) throw new CloseConnectionError('a batch sent with acks=0 was refused');
      return null;
    }
    return { responses, throttleTimeMs: 0 };
  },
);
