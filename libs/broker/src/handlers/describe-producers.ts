import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * DescribeProducers, version 0 (KIP-664): the producers that a partition knows, for the search for a transaction that hangs.
 */
export const describeProducers = defineHandler(
  apis.describeProducers,
  { versions: [0, 0] },
  async (request, { broker }) => {
    const slice = new TimeSlice(broker.clock);
    const topics = await slice.map(request.topics, async ({ name, partitionIndexes }) => ({
      name,
      partitions: await slice.map(partitionIndexes, (partitionIndex) => {
        try {
          const activeProducers = broker.topics.log(name, partitionIndex).activeProducers();
          return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers };
        } catch (error) {
          const { errorCode, errorMessage } = answerError(error, broker.logger);
          // Of a partition that a known topic has not Kafka says no more than the code.
          const text = broker.topics.topics.has(name) ? null : errorMessage;
          return { partitionIndex, errorCode, errorMessage: text, activeProducers: [] };
        }
      }),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
