import { apis, ErrorCode, type EncodableResponseOf } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import type { StoredTopic } from '../topics/cluster-store.js';
import { isInternalTopic, refuseTopicName } from '../topics/topic-name.js';
import { zeroUuid } from '../topics/uuid.js';
import { notAsked, topicOperations } from './authorized-operations.js';

/*
 * DescribeTopicPartitions, version 0 (KIP-966): topics in the order of their names, at most
 * min(max.request.partition.size.limit, the client's limit) partitions, and a cursor to go on from.
 */

interface Cursor {
  readonly topicName: string;
  readonly partitionIndex: number;
}

/** Java orders strings by UTF-16 units, as JavaScript's comparison does. */
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function namesFrom(
  asked: readonly string[],
  cursor: Cursor | null,
  all: ReadonlyMap<string, StoredTopic>,
): readonly string[] {
  const names = new Set(asked.length === 0 ? all.keys() : asked);
  const from = cursor?.topicName ?? '';
  return [...names].filter((name) => name >= from).sort(byName);
}

function describePartitions(topic: StoredTopic, start: number, limit: number, broker: BrokerServices) {
  const { nodeId } = broker.advertised;
  const count = Math.max(0, Math.min(topic.partitions, start + limit) - start);
  return Array.from({ length: count }, (_, index) => ({
    errorCode: ErrorCode.NONE,
    partitionIndex: start + index,
    leaderId: nodeId,
    leaderEpoch: broker.registry.leaderEpoch(topic.name, start + index),
    replicaNodes: [nodeId],
    isrNodes: [nodeId],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    offlineReplicas: [],
  }));
}

function unknownTopic(name: string) {
  const errorCode =
    refuseTopicName(name) === null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
  const isInternal = isInternalTopic(name);
  return {
    errorCode,
    name,
    topicId: zeroUuid,
    isInternal,
    partitions: [],
    topicAuthorizedOperations: topicOperations,
  };
}

/** A cursor that points nowhere refuses every topic that was asked for. */
function refuseCursor(asked: readonly string[], cursor: Cursor | null): Answered | null {
  if (cursor === null) return null;
  const isAsked = asked.length === 0 || asked.includes(cursor.topicName);
  if (isAsked && cursor.partitionIndex >= 0) return null;
  const topics = asked.map((name) => ({
    ...unknownTopic(name),
    errorCode: ErrorCode.INVALID_REQUEST,
    isInternal: false,
    topicAuthorizedOperations: notAsked,
  }));
  return { throttleTimeMs: 0, topics, nextCursor: null };
}

type Answered = EncodableResponseOf<'describeTopicPartitions'>;

export const describeTopicPartitions = defineHandler(
  apis.describeTopicPartitions,
  { versions: [0, 0] },
  (request, { broker }): Answered => {
    const all = broker.topics.topics;
    const { cursor } = request;
    const asked = request.topics.map(({ name }) => name);
    const most = broker.config.number('max.request.partition.size.limit');
    const refused = refuseCursor(asked, cursor);
    if (refused !== null) return refused;
    let remaining = Math.max(Math.min(most, request.responsePartitionLimit), 1);
    const topics: Answered['topics'][number][] = [];
    for (const name of namesFrom(asked, cursor, all)) {
      if (remaining === 0) {
        return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: 0 } };
      }
      const topic = all.get(name);
      if (topic === undefined) {
        topics.push(unknownTopic(name));
        continue;
      }
      const start = cursor?.topicName === name ? cursor.partitionIndex : 0;
      const partitions = describePartitions(topic, start, remaining, broker);
      topics.push({
        errorCode: ErrorCode.NONE,
        name,
        topicId: topic.id,
        isInternal: isInternalTopic(name),
        partitions,
        topicAuthorizedOperations: topicOperations,
      });
      const end = Math.min(topic.partitions, start + remaining);
      if (end < topic.partitions) {
        return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: end } };
      }
      remaining -= partitions.length;
    }
    return { throttleTimeMs: 0, topics, nextCursor: null };
  },
);
