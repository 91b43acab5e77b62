import { apis, ErrorCode, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attempt, noError } from './answer-error.js';

/*
 * AlterPartitionReassignments, versions 0 and 1. Every partition stands on this broker: moving it there is done at once, moving it
 * elsewhere is an INVALID_REPLICA_ASSIGNMENT, and there is never a move to cancel (null replicas).
 */
export const alterPartitionReassignments = defineHandler(
  apis.alterPartitionReassignments,
  { versions: [0, 1] },
  (request, { broker }) => {
    const { nodeId } = broker.advertised;
    const responses = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, replicas }) => ({
        partitionIndex,
        ...attempt(() => {
          broker.topics.log(name, partitionIndex);
          if (replicas === null) throw new KafkaError('NO_REASSIGNMENT_IN_PROGRESS');
          if (replicas.length !== 1 || replicas[0] !== nodeId) {
            throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', `Broker ${nodeId} is the only one.`);
          }
        }, broker.logger),
      })),
    }));
    const { allowReplicationFactorChange } = request;
    return {
      throttleTimeMs: 0,
      allowReplicationFactorChange,
      ...noError,
      errorCode: ErrorCode.NONE,
      responses,
    };
  },
);
