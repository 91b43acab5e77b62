import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';

/*
 * DescribeProducers, version 0 (KIP-664): the producers that a partition knows, for the search for a transaction that hangs.
 */
export const describeProducers = defineHandler(
  apis.describeProducers,
  { versions: [0, 0] },
  (request, { broker }) => {
    const topics = request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        try {
          const activeProducers = broker.topics.log(name, partitionIndex).activeProducers();
          return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers };
        } catch (error) {
          return { partitionIndex, ...answerError(error, broker.logger), activeProducers: [] };
        }
      }),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
