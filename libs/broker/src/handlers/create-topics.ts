import { apis, ErrorCode, KafkaError, type RequestOf } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { zeroUuid } from '../topics/uuid.js';
import { answerError, noError } from './answer-error.js';
import { describeTopicConfigs } from './config-entries.js';

/*
 * CreateTopics, versions 2 to 7. One replica a partition (-1 and 1; more: INVALID_REPLICATION_FACTOR). From 5 on the answer holds the
 * topic's settings, always as an array: a null there breaks Java's TopicCommand.
 */

type CreatableTopic = RequestOf<'createTopics'>['topics'][number];

function partitionCount(topic: CreatableTopic, { broker }: RequestContext): number {
  const { assignments, numPartitions, replicationFactor } = topic;
  if (assignments.length > 0) {
    if (numPartitions !== -1 || replicationFactor !== -1) {
      throw new KafkaError(
        'INVALID_REQUEST',
        'A manual assignment leaves partition count and replication factor at -1.',
      );
    }
    checkAssignments(assignments, broker.advertised.nodeId);
    return assignments.length;
  }
  if (replicationFactor !== -1 && replicationFactor !== 1) {
    const why =
      replicationFactor < 1
        ? 'Replication factor must be larger than 0.'
        : 'This broker is the only replica.';
    throw new KafkaError('INVALID_REPLICATION_FACTOR', why);
  }
  return numPartitions === -1 ? broker.config.number('num.partitions') : numPartitions;
}

function checkAssignments(assignments: CreatableTopic['assignments'], nodeId: number): void {
  const indexes = new Set(assignments.map(({ partitionIndex }) => partitionIndex));
  const isDense = assignments.every((_, index) => indexes.has(index));
  const isHere = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === nodeId);
  if (!isDense || !isHere) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `Partitions count from 0 and stand on broker ${nodeId} alone.`,
    );
  }
}

function configsOf(topic: CreatableTopic): Record<string, string> {
  const configs: Record<string, string> = {};
  for (const { name, value } of topic.configs) {
    if (value === null)
      throw new KafkaError('INVALID_CONFIG', `Null value not supported for topic configs: ${name}`);
    configs[name] = value;
  }
  return configs;
}

function createOne(
  topic: CreatableTopic,
  isDuplicate: boolean,
  validateOnly: boolean,
  context: RequestContext,
) {
  const { broker } = context;
  const { name } = topic;
  try {
    if (isDuplicate) throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name.');
    const wanted = { name, partitions: partitionCount(topic, context), configs: configsOf(topic) };
    const { configs, partitions } = broker.topics.check(wanted);
    const topicId = validateOnly ? zeroUuid : broker.topics.create(wanted).id;
    const entries = describeTopicConfigs(configs, broker.config).map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: entry.readOnly,
      configSource: entry.configSource,
      isSensitive: entry.isSensitive,
    }));
    return { name, topicId, ...noError, numPartitions: partitions, replicationFactor: 1, configs: entries };
  } catch (error) {
    return { name, topicId: zeroUuid, ...answerError(error, broker.logger), configs: [] };
  }
}

export const createTopics = defineHandler(apis.createTopics, { versions: [2, 7] }, (request, context) => {
  const seen = new Map<string, number>();
  for (const { name } of request.topics) seen.set(name, (seen.get(name) ?? 0) + 1);
  const topics = request.topics.map((topic) =>
    createOne(topic, (seen.get(topic.name) ?? 0) > 1, request.validateOnly, context),
  );
  const failed = topics.filter(({ errorCode }) => errorCode !== ErrorCode.NONE).length;
  if (topics.length > failed && !request.validateOnly) {
    context.broker.logger.info('topics were created', { topics: topics.length - failed });
  }
  return { throttleTimeMs: 0, topics };
});
