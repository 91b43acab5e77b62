import { apis, ErrorCode, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { answerError } from './answer-error.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * DeleteRecords, versions 0 to 2: moves the log's start; -1 stands for the high watermark. A topic that is only compacted refuses with
 * POLICY_VIOLATION, as Kafka does.
 */
const toHighWatermark = -1n;

export const deleteRecords = defineHandler(
  apis.deleteRecords,
  { versions: [0, 2] },
  async (request, { broker }) => {
    const slice = new TimeSlice(broker.clock);
    const topics = await slice.map(request.topics, async ({ name, partitions }) => ({
      name,
      partitions: await slice.map(partitions, ({ partitionIndex, offset }) => {
        try {
          const log = broker.topics.log(name, partitionIndex);
          if (isInternalTopic(name)) {
            throw new KafkaError('INVALID_TOPIC_EXCEPTION', 'Cannot delete records of an internal topic');
          }
          if (!broker.topics.logConfig(name).cleanupPolicy.has('delete')) {
            throw new KafkaError('POLICY_VIOLATION', 'the topic is compacted only');
          }
          const before = offset === toHighWatermark ? log.highWatermark : offset;
          if (before < 0n || before > log.highWatermark) throw new KafkaError('OFFSET_OUT_OF_RANGE');
          const lowWatermark = log.deleteRecordsBefore(before);
          return { partitionIndex, lowWatermark, errorCode: ErrorCode.NONE };
        } catch (error) {
          return {
            partitionIndex,
            lowWatermark: -1n,
            errorCode: answerError(error, broker.logger).errorCode,
          };
        }
      }),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
