import {
  apis,
  BatchView,
  BATCH_HEADER_BYTES,
  ErrorCode,
  KafkaError,
  type RequestOf,
} from '@oubliette/protocol';
import { CloseConnectionError, defineHandler, type RequestContext } from '../server/api-handler.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { answerError, type AnsweredError } from './answer-error.js';

/*
 * Produce, versions 3 to 13 (topic ids from 13 on). acks=all is answered when the batch is synced, acks=1 when it is written,
 * acks=0 not at all: if such a batch is refused the connection is closed, as Kafka does, since there is no other way to tell.
 * Transactional batches are refused. Version 0 is advertised, as Kafka 4 does: librdkafka compresses only when it sees it
 * (KAFKA-18659).
 */

type TopicData = RequestOf<'produce'>['topicData'][number];
type PartitionData = TopicData['partitionData'][number];

interface PartitionResponse extends AnsweredError {
  readonly index: number;
  readonly baseOffset: bigint;
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: bigint;
}

const acksAll = -1;

function refused(index: number, error: AnsweredError): PartitionResponse {
  return { index, ...error, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n };
}

/** One batch, format 2, not written by a transaction (ProduceRequest.validateRecords). */
function checkRecords(records: Uint8Array | null): Uint8Array {
  if (records === null || records.length === 0)
    throw new KafkaError('INVALID_RECORD', 'a record batch is missing');
  if (records.length < BATCH_HEADER_BYTES)
    throw new KafkaError('CORRUPT_MESSAGE', 'the record batch is cut off');
  const batch = new BatchView(records);
  if (batch.magic !== 2) throw new KafkaError('INVALID_RECORD', 'only record batches of format 2 are taken');
  if (batch.sizeBytes > records.length)
    throw new KafkaError('CORRUPT_MESSAGE', 'the record batch is cut off');
  if (batch.sizeBytes < records.length) {
    throw new KafkaError('INVALID_RECORD', 'a partition takes exactly one record batch a request');
  }
  if (batch.isControl) throw new KafkaError('INVALID_RECORD', 'clients must not send control batches');
  if (batch.isTransactional) throw new KafkaError('INVALID_TXN_STATE', 'this broker serves no transactions');
  return records;
}

async function append(
  topic: string,
  { index, records }: PartitionData,
  acks: number,
  { broker }: RequestContext,
): Promise<PartitionResponse> {
  try {
    if (isInternalTopic(topic)) {
      throw new KafkaError('INVALID_TOPIC_EXCEPTION', 'Cannot append to an internal topic');
    }
    const log = broker.topics.log(topic, index);
    const checked = checkRecords(records);
    const isDurable = acks === acksAll;
    if (isDurable && broker.topics.minInsyncReplicas(topic) > 1) {
      throw new KafkaError(
        'NOT_ENOUGH_REPLICAS',
        'min.insync.replicas is above 1 and this broker is the only replica',
      );
    }
    const result = await log.append(checked, { durable: isDurable });
    if (isDurable) await result.durable;
    return {
      index,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      baseOffset: result.baseOffset,
      logAppendTimeMs: result.logAppendTime,
      logStartOffset: result.logStartOffset,
    };
  } catch (error) {
    const answered = answerError(error, broker.logger);
    broker.logger.warn('a produced batch was refused', {
      topic,
      partition: index,
      errorCode: answered.errorCode,
    });
    return refused(index, answered);
  }
}

function answerTopic(
  { name, topicId, partitionData }: TopicData,
  request: RequestOf<'produce'>,
  context: RequestContext,
): Promise<readonly PartitionResponse[]> | readonly PartitionResponse[] {
  const all = (code: 'INVALID_REQUIRED_ACKS' | 'UNKNOWN_TOPIC_ID'): PartitionResponse[] =>
    partitionData.map(({ index }) => refused(index, { errorCode: ErrorCode[code], errorMessage: null }));
  if (request.acks < acksAll || request.acks > 1) return all('INVALID_REQUIRED_ACKS');
  const topic = context.version >= 13 ? context.broker.topics.nameOf(topicId) : name;
  if (topic === undefined) return all('UNKNOWN_TOPIC_ID');
  return Promise.all(partitionData.map((partition) => append(topic, partition, request.acks, context)));
}

export const produce = defineHandler(
  apis.produce,
  { versions: [3, 13], advertisedMinVersion: 0, overlaps: true },
  async (request, context) => {
    // Every append is begun before anything is awaited: the batches of a connection reach their logs in order.
    const answers = request.topicData.map((topic) => answerTopic(topic, request, context));
    const responses = [];
    for (const [at, { name, topicId }] of request.topicData.entries()) {
      responses.push({ name, topicId, partitionResponses: (await answers[at]) ?? [] });
    }
    if (request.acks === 0) {
      const failed = responses.some((topic) =>
        topic.partitionResponses.some(({ errorCode }) => errorCode !== 0),
      );
      if (failed) throw new CloseConnectionError('a batch sent with acks=0 was refused');
      return null;
    }
    return { responses, throttleTimeMs: 0 };
  },
);
