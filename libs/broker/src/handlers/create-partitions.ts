import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { attempt } from './answer-error.js';

/* CreatePartitions, versions 0 to 3. `count` is the new total; a manual assignment must name this broker for every new one. */
export const createPartitions = defineHandler(
  apis.createPartitions,
  { versions: [0, 3] },
  (request, { broker }) => {
    const { nodeId } = broker.advertised;
    const results = request.topics.map(({ name, count, assignments }) => ({
      name,
      ...attempt(() => {
        // Groups find their partition by hash: another count would lose them.
        if (isInternalTopic(name))
          throw new KafkaError('INVALID_REQUEST', 'The broker needs this topic as it is.');
        broker.topics.checkPartitions(name, count);
        const added = count - (broker.topics.topics.get(name)?.partitions ?? 0);
        if (assignments !== null) {
          const isHere = assignments.every(
            ({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === nodeId,
          );
          if (assignments.length !== added || !isHere) throw new KafkaError('INVALID_REPLICA_ASSIGNMENT');
        }
        if (!request.validateOnly) broker.topics.addPartitions(name, count);
      }, broker.logger),
    }));
    return { throttleTimeMs: 0, results };
  },
);
