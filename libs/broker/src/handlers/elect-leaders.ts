import { apis, ErrorCode, KafkaError } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attempt } from './answer-error.js';

/* ElectLeaders, versions 0 to 2: this broker leads everything, so ELECTION_NOT_NEEDED for each partition that is there. */
export const electLeaders = defineHandler(apis.electLeaders, { versions: [0, 2] }, (request, { broker }) => {
  // Asked for all, Kafka names only the partitions where an election was needed.
  const replicaElectionResults = (request.topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({
      partitionId,
      ...attempt(() => {
        broker.topics.log(topic, partitionId);
        throw new KafkaError('ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.');
      }, broker.logger),
    })),
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, replicaElectionResults };
});
