import { apis, ErrorCode, KafkaError } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import type { StoredTopic } from '../topics/cluster-store.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { zeroUuid } from '../topics/uuid.js';
import { answerError } from './answer-error.js';
import { clusterOperations, notAsked, topicOperations } from './authorized-operations.js';

/*
 * Metadata, versions 0 to 13 (by topic id from 10 on). A topic that is not there is created when the client allows it and
 * auto.create.topics.enable says so; it is answered at once.
 */

function describeTopic(topic: StoredTopic, nodeId: number, operations: number) {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: Array.from({ length: topic.partitions }, (_, partitionIndex) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: nodeId,
      leaderEpoch: 0,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: operations,
  };
}

function findOrCreate(name: string, mayCreate: boolean, { broker }: RequestContext): StoredTopic {
  const known = broker.topics.topics.get(name);
  if (known !== undefined) return known;
  if (!mayCreate || !broker.config.flag('auto.create.topics.enable')) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  }
  return broker.topics.create({ name, partitions: broker.config.number('num.partitions'), configs: {} });
}

export const metadata = defineHandler(apis.metadata, { versions: [0, 13] }, (request, context) => {
  const { broker, version } = context;
  const { nodeId, host, port } = broker.advertised;
  const operations = request.includeTopicAuthorizedOperations ? topicOperations : notAsked;
  const answerOne = (asked: { name: string | null; topicId: string }) => {
    const byId = asked.name === null;
    const name = byId ? broker.topics.nameOf(asked.topicId) : (asked.name ?? undefined);
    try {
      if (name === undefined) throw new KafkaError('UNKNOWN_TOPIC_ID');
      const topic = findOrCreate(name, request.allowAutoTopicCreation && !byId, context);
      return describeTopic(topic, nodeId, operations);
    } catch (error) {
      const { errorCode } = answerError(error, broker.logger);
      // Only version 12 and later can leave the name of an unknown id open.
      const shown = version >= 12 ? asked.name : (asked.name ?? '');
      return {
        errorCode,
        name: shown,
        topicId: byId ? asked.topicId : zeroUuid,
        isInternal: false,
        partitions: [],
        topicAuthorizedOperations: notAsked,
      };
    }
  };
  const wantsAll = request.topics === null || (version === 0 && request.topics.length === 0);
  const topics = wantsAll
    ? [...broker.topics.topics.values()].map((topic) => describeTopic(topic, nodeId, operations))
    : (request.topics ?? []).map(answerOne);
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId, host, port, rack: null }],
    clusterId: broker.registry.clusterId,
    controllerId: nodeId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : notAsked,
    errorCode: ErrorCode.NONE,
  };
});
