import { apis, ErrorCode, KafkaError, type RequestOf } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import { attempt } from './answer-error.js';
import { checkDeadline } from './deadline.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * ElectLeaders, versions 0 to 2: this broker leads everything, so ELECTION_NOT_NEEDED for each partition that is there. Asked for all,
 * Kafka names the topics, and of their partitions those where an election was needed: none.
 */

const unclean = 1;

function refuse(topic: string, partition: number, { topics }: BrokerServices): never {
  const stored = topics.topics.get(topic);
  if (stored === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No such topic as ${topic}`);
  if (partition < 0 || partition >= stored.partitions) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No such partition as ${topic}-${partition}`);
  }
  throw new KafkaError('ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.');
}

function refuseAll(
  errorCode: number,
  errorMessage: string | null,
  asked: NonNullable<RequestOf<'electLeaders'>['topicPartitions']>,
) {
  const replicaElectionResults = asked.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage })),
  }));
  return { throttleTimeMs: 0, errorCode, replicaElectionResults };
}

export const electLeaders = defineHandler(
  apis.electLeaders,
  { versions: [0, 2] },
  async (request, context) => {
    const { broker, version } = context;
    const slice = new TimeSlice(broker.clock);
    const { electionType, topicPartitions } = request;
    if (electionType < 0 || electionType > unclean) {
      return refuseAll(
        ErrorCode.INVALID_REQUEST,
        `Unknown election type ${electionType}`,
        topicPartitions ?? [],
      );
    }
    const { errorCode } = attempt(() => checkDeadline(request.timeoutMs), broker.logger);
    if (errorCode !== ErrorCode.NONE) {
      const refused = refuseAll(errorCode, null, topicPartitions ?? []);
      return version >= 1 ? refused : { ...refused, errorCode: ErrorCode.NONE };
    }
    const replicaElectionResults =
      topicPartitions === null
        ? [...broker.topics.topics.keys()].map((topic) => ({ topic, partitionResult: [] }))
        : await slice.map(topicPartitions, async ({ topic, partitions }) => ({
            topic,
            partitionResult: await slice.map(partitions, (partitionId) => ({
              partitionId,
              ...attempt(() => refuse(topic, partitionId, broker), broker.logger),
            })),
          }));
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, replicaElectionResults };
  },
);
