import { apis, ErrorCode, KafkaError, type RequestOf } from '@oubliette/protocol';
import type { ConfigEntry } from './config-entries.js';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { checkAssignments, checkPlacement, checkReplicationFactor } from '../topics/replica-assignment.js';
import type { NewTopic } from '../topics/topic-manager.js';
import { clusterMetadataTopic } from '../topics/topic-name.js';
import { zeroUuid } from '../topics/uuid.js';
import { answerError, noError } from './answer-error.js';
import { describeTopicConfigs } from './config-entries.js';
import { checkDeadline } from './deadline.js';
import { ResourceType } from './resource-type.js';
import { sayWithoutEffect } from './without-effect.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * CreateTopics, versions 2 to 7. One replica a partition. From 5 on the answer holds the topic's settings, always as an array: a
 * null there breaks Java's TopicCommand. A topic that stands twice in a request is answered once, and refused.
 */

type CreatableTopic = RequestOf<'createTopics'>['topics'][number];

/** QuorumController.MAX_RECORDS_PER_USER_OP */
const maxPartitionsPerRequest = 10_000;
/** So many names of new topics stand in one line of the log. */
const maxShownNames = 10;

function partitionCount(topic: CreatableTopic, { broker }: RequestContext): number {
  const { assignments, numPartitions, replicationFactor } = topic;
  if (assignments.length > 0) {
    const which =
      replicationFactor !== -1 ? 'replication factor' : numPartitions !== -1 ? 'numPartitions' : null;
    if (which !== null) {
      throw new KafkaError(
        'INVALID_REQUEST',
        `A manual partition assignment was specified, but ${which} was not set to -1.`,
      );
    }
    checkAssignments(assignments, broker.advertised.nodeId);
    return assignments.length;
  }
  checkReplicationFactor(replicationFactor);
  if (numPartitions < -1 || numPartitions === 0) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  checkPlacement(
    replicationFactor === -1 ? broker.config.number('default.replication.factor') : replicationFactor,
  );
  return numPartitions === -1 ? broker.config.number('num.partitions') : numPartitions;
}

function configsOf(topic: CreatableTopic): Record<string, string> {
  const missing = topic.configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (missing.length > 0) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `Null value not supported for topic configs: ${missing.join(',')}`,
    );
  }
  return Object.fromEntries(topic.configs.map(({ name, value }) => [name, value ?? '']));
}

/** As the controller shows it: what was given, as it was given, and no synonyms. */
function createdConfig(
  { name, value, readOnly, configSource, isSensitive }: ConfigEntry,
  own: Record<string, string>,
) {
  return { name, value: own[name] ?? value, readOnly, configSource, isSensitive };
}

/** Names are checked against what was there before the request: Kafka takes two that collide with each other only. */
function checkName(name: string, { broker }: RequestContext): KafkaError | null {
  try {
    if (name === clusterMetadataTopic) {
      throw new KafkaError('INVALID_REQUEST', `Creation of internal topic ${name} is prohibited.`);
    }
    broker.topics.checkNewName(name);
    return null;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
}

/** What is to be made of it, or why not. */
function planOf(
  topic: CreatableTopic,
  refusal: KafkaError | null,
  context: RequestContext,
): NewTopic | { readonly refusal: unknown } {
  try {
    if (refusal !== null) throw refusal;
    const configs = configsOf(topic);
    context.broker.topics.checkConfigs(configs);
    return { name: topic.name, partitions: partitionCount(topic, context), configs };
  } catch (error) {
    return { refusal: error };
  }
}

function created({ name, partitions, configs }: NewTopic, topicId: string, { broker }: RequestContext) {
  const entries = describeTopicConfigs(configs, broker.config).map((entry) => createdConfig(entry, configs));
  return { name, topicId, ...noError, numPartitions: partitions, replicationFactor: 1, configs: entries };
}

/** Makes them together; returns what is answered for each. */
async function make(wanted: readonly NewTopic[], validateOnly: boolean, context: RequestContext) {
  const { broker } = context;
  if (validateOnly) return (topic: NewTopic) => created(topic, broker.topics.newId(), context);
  const outcomes = await broker.topics.createAll(wanted);
  const byTopic = new Map(wanted.map((topic, index) => [topic, outcomes[index]]));
  return (topic: NewTopic) => {
    const outcome = byTopic.get(topic);
    if (outcome?.status !== 'fulfilled') return refused(topic.name, outcome?.reason, context);
    sayWithoutEffect(ResourceType.topic, topic.configs, broker);
    return created(topic, outcome.value.id, context);
  };
}

function refused(name: string, error: unknown, { broker }: RequestContext) {
  return { name, topicId: zeroUuid, ...answerError(error, broker.logger), configs: [] };
}

function shown(names: readonly string[]): string {
  const more = names.length > maxShownNames ? ` and ${names.length - maxShownNames} more` : '';
  return `${names.slice(0, maxShownNames).join(', ')}${more}`;
}

/** Throws POLICY_VIOLATION for more than Kafka's controller takes in one request. */
function checkTotal(topics: readonly CreatableTopic[], { broker }: RequestContext): void {
  const count = ({ assignments, numPartitions }: CreatableTopic): number => {
    if (assignments.length > 0) return assignments.length;
    return numPartitions === -1 ? broker.config.number('num.partitions') : Math.max(0, numPartitions);
  };
  if (topics.reduce((total, topic) => total + count(topic), 0) > maxPartitionsPerRequest) {
    throw new KafkaError('POLICY_VIOLATION', 'Excessively large number of partitions per request.');
  }
}

export const createTopics = defineHandler(
  apis.createTopics,
  { versions: [2, 7] },
  async (request, context) => {
    const slice = new TimeSlice(context.broker.clock);
    const seen = new Map<string, number>();
    await slice.map(request.topics, ({ name }) => seen.set(name, (seen.get(name) ?? 0) + 1));
    const single = request.topics.filter(({ name }) => seen.get(name) === 1);
    const repeated = [...seen].filter(([, count]) => count > 1).map(([name]) => name);
    try {
      if (single.length > 0) checkDeadline(request.timeoutMs);
      checkTotal(single, context);
    } catch (error) {
      const topics = await slice.map(seen.keys(), (name) => refused(name, error, context));
      return { throttleTimeMs: 0, topics };
    }
    const named = await slice.map(single, (topic) => ({ topic, refusal: checkName(topic.name, context) }));
    const plans = await slice.map(named, ({ topic, refusal }) => ({
      name: topic.name,
      plan: planOf(topic, refusal, context),
    }));
    const wanted = plans.flatMap(({ plan }) => ('refusal' in plan ? [] : [plan]));
    const made = await make(wanted, request.validateOnly, context);
    const topics: (ReturnType<typeof created> | ReturnType<typeof refused>)[] = await slice.map(
      plans,
      ({ name, plan }) => ('refusal' in plan ? refused(name, plan.refusal, context) : made(plan)),
    );
    await slice.map(repeated, (name) => {
      const duplicate = new KafkaError('INVALID_REQUEST', 'Duplicate topic name.');
      topics.push(refused(name, duplicate, context));
    });
    const names = topics.filter(({ errorCode }) => errorCode === ErrorCode.NONE).map(({ name }) => name);
    if (names.length > 0 && !request.validateOnly) {
      context.broker.logger.info('topics were created', { count: names.length, topics: shown(names) });
    }
    return { throttleTimeMs: 0, topics };
  },
);
