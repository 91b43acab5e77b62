import { KafkaError, apis } from '@oubliette/protocol';
import type { TopicSpec } from '../ports.js';
import type { Cluster } from './cluster.js';

const TIMEOUT_MS = 30_000;
const BROKER_DEFAULT = -1;

/** True when made, false when it stood already. */
export async function createTopicOnce(cluster: Cluster, spec: TopicSpec): Promise<boolean> {
  const { controllerId } = await cluster.metadata([]);
  const connection = await cluster.node(controllerId);
  const answer = await connection.send(
    apis.createTopics,
    {
      topics: [
        {
          name: spec.name,
          numPartitions: spec.partitions,
          replicationFactor: spec.replicationFactor ?? BROKER_DEFAULT,
          assignments: [],
          configs: Object.entries(spec.configs ?? {}).map(([name, value]) => ({ name, value })),
        },
      ],
      timeoutMs: TIMEOUT_MS,
    },
    { waitMs: TIMEOUT_MS },
  );
  const [result] = answer.topics;
  const error = new KafkaError(
    result?.errorCode ?? 'UNKNOWN_SERVER_ERROR',
    `cannot create topic ${spec.name}: ${result?.errorMessage ?? 'no reason given'}`,
  );
  if (error.codeName === 'NONE') return true;
  if (error.codeName === 'TOPIC_ALREADY_EXISTS') return false;
  throw error;
}
