import { apis, ErrorCode, KafkaError, type EncodableResponseOf, type RequestOf } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import type { BrokerServices } from '../server/broker-services.js';
import type { StoredTopic } from '../topics/cluster-store.js';
import { automaticTopic } from '../topics/automatic-topic.js';
import { isInternalTopic, offsetsTopic, refuseTopicName } from '../topics/topic-name.js';
import { zeroUuid } from '../topics/uuid.js';
import { clusterOperations, notAsked, topicOperations } from './authorized-operations.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * Metadata, versions 0 to 13 (by topic id from 12 on). A topic that is not there is created when the client allows it and
 * auto.create.topics.enable says so; as on Kafka this answer still says UNKNOWN_TOPIC_OR_PARTITION, and the client's next one finds it.
 */

const none: readonly number[] = [];

type AnsweredTopic = EncodableResponseOf<'metadata'>['topics'][number];

function describeTopic(
  topic: StoredTopic,
  { registry, advertised: { nodeId } }: BrokerServices,
  operations: number,
): AnsweredTopic {
  const replicaNodes = [nodeId];
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: Array.from({ length: topic.partitions }, (_, partitionIndex) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: nodeId,
      leaderEpoch: registry.leaderEpoch(topic.name, partitionIndex),
      replicaNodes,
      isrNodes: replicaNodes,
      offlineReplicas: none,
    })),
    topicAuthorizedOperations: operations,
  };
}

function failedTopic(
  errorCode: number,
  name: string | null,
  topicId: string,
  operations: number,
): AnsweredTopic {
  const isInternal = name !== null && isInternalTopic(name);
  return { errorCode, name, topicId, isInternal, partitions: [], topicAuthorizedOperations: operations };
}

async function answerName(
  name: string,
  mayCreate: boolean,
  operations: number,
  { broker }: RequestContext,
): Promise<AnsweredTopic> {
  const known = broker.topics.topics.get(name);
  if (known !== undefined) return describeTopic(known, broker, operations);
  if (refuseTopicName(name) !== null) {
    return failedTopic(ErrorCode.INVALID_TOPIC_EXCEPTION, name, zeroUuid, operations);
  }
  if (mayCreate) await createByItself(name, { broker });
  return failedTopic(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, zeroUuid, operations);
}

async function createByItself(name: string, { broker }: Pick<RequestContext, 'broker'>): Promise<void> {
  try {
    broker.topics.checkNewName(name);
    // With its coordinator.
    if (name === offsetsTopic) await broker.groups.start();
    else await broker.topics.create(automaticTopic(name, broker.config));
    broker.logger.info('a topic was created because a client asked for it', { topic: name });
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    broker.logger.warn('a topic that a client asked for could not be created', {
      topic: name,
      reason: error.codeName,
    });
  }
}

/** By ids alone as soon as one is given, as Kafka does; what is asked twice is answered once. */
async function answerTopics(
  asked: NonNullable<RequestOf<'metadata'>['topics']>,
  mayCreate: boolean,
  operations: number,
  context: RequestContext,
): Promise<AnsweredTopic[]> {
  const { topics } = context.broker;
  const slice = new TimeSlice(context.broker.clock);
  const ids = new Set<string>();
  await slice.map(asked, ({ topicId }) => (topicId === zeroUuid ? ids : ids.add(topicId)));
  if (ids.size === 0) {
    const names = new Set<string>();
    await slice.map(asked, ({ name }) => names.add(name ?? ''));
    return slice.map(names, (name) => answerName(name, mayCreate, operations, context));
  }
  return slice.map(ids, (id) => {
    const topic = topics.topics.get(topics.nameOf(id) ?? '');
    return topic === undefined
      ? failedTopic(ErrorCode.UNKNOWN_TOPIC_ID, null, id, notAsked)
      : describeTopic(topic, context.broker, operations);
  });
}

/** The whole request failed (MetadataRequest.getErrorResponse): no brokers, and every topic with the error. */
function failedAnswer(
  errorCode: number,
  asked: NonNullable<RequestOf<'metadata'>['topics']>,
  version: number,
) {
  return {
    throttleTimeMs: 0,
    brokers: [],
    clusterId: null,
    controllerId: -1,
    topics: asked.map(({ name, topicId }) => failedTopic(errorCode, name ?? '', topicId, notAsked)),
    clusterAuthorizedOperations: notAsked,
    errorCode: version >= 13 ? errorCode : ErrorCode.NONE,
  };
}

export const metadata = defineHandler(apis.metadata, { versions: [0, 13] }, async (request, context) => {
  const { broker, version } = context;
  const { nodeId, host, port, rack } = broker.advertised;
  const operations = request.includeTopicAuthorizedOperations ? topicOperations : notAsked;
  const wantsAll = request.topics === null || (version === 0 && request.topics.length === 0);
  const asked = request.topics ?? [];
  // Versions 10 and 11 have the field of the id, and nothing behind it.
  const isTooEarly = version < 12 && asked.some(({ name, topicId }) => name === null || topicId !== zeroUuid);
  if (isTooEarly) return failedAnswer(ErrorCode.INVALID_REQUEST, asked, version);
  const hasId = asked.some(({ topicId }) => topicId !== zeroUuid);
  // Kafka fails inside over what has neither.
  if (!hasId && asked.some(({ name }) => name === null)) {
    return failedAnswer(ErrorCode.UNKNOWN_SERVER_ERROR, asked, version);
  }
  const mayCreate = request.allowAutoTopicCreation && broker.config.flag('auto.create.topics.enable');
  const topics = wantsAll
    ? await new TimeSlice(broker.clock).map([...broker.topics.topics.values()], (topic) =>
        describeTopic(topic, broker, operations),
      )
    : await answerTopics(asked, mayCreate, operations, context);
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId, host, port, rack }],
    clusterId: broker.registry.clusterId,
    controllerId: nodeId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : notAsked,
    errorCode: ErrorCode.NONE,
  };
});
