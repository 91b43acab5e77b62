import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import { checkReplicas } from '../topics/replica-assignment.js';
import { attempt } from './answer-error.js';
import { checkDeadline } from './deadline.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * AlterPartitionReassignments, versions 0 and 1. Every partition stands on this broker: moving it there is done at once, moving it
 * elsewhere is an INVALID_REPLICA_ASSIGNMENT, and there is never a move to cancel (null replicas).
 */

function reassign(
  name: string,
  partition: number,
  replicas: readonly number[] | null,
  { topics, advertised }: BrokerServices,
): void {
  const stored = topics.topics.get(name);
  if (stored === undefined) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Unable to find a topic named ${name}.`);
  }
  if (partition < 0 || partition >= stored.partitions) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Unable to find partition ${name}:${partition}.`);
  }
  if (replicas === null) {
    throw new KafkaError('NO_REASSIGNMENT_IN_PROGRESS');
  }
  checkReplicas(replicas, advertised.nodeId, null);
}

export const alterPartitionReassignments = defineHandler(
  apis.alterPartitionReassignments,
  { versions: [0, 1] },
  async (request, { broker }) => {
    const slice = new TimeSlice(broker.clock);
    const inTime = (): void => checkDeadline(request.timeoutMs);
    const responses = await slice.map(request.topics, async ({ name, partitions }) => ({
      name,
      partitions: await slice.map(partitions, ({ partitionIndex, replicas }) => ({
        partitionIndex,
        ...attempt(() => {
          inTime();
          reassign(name, partitionIndex, replicas, broker);
        }, broker.logger),
      })),
    }));
    const { allowReplicationFactorChange } = request;
    return { throttleTimeMs: 0, allowReplicationFactorChange, ...attempt(inTime, broker.logger), responses };
  },
);
