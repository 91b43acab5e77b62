import type { ConfigDefinition } from './definition.js';
import { topicDefinitions } from './topic-definitions.js';

/** A broker setting. `null`: unset until somebody sets it. */
export interface BrokerConfigDefinition extends Omit<ConfigDefinition, 'defaultValue'> {
  readonly defaultValue: string | null;
  /** Kafka's default where ours differs: this is one node on somebody's laptop. */
  readonly kafkaDefault?: string;
  /** May be changed while the broker runs (AlterConfigs on a broker). */
  readonly dynamic: boolean;
}

const intMax = 2_147_483_647;

type Bounds = Pick<ConfigDefinition, 'min' | 'max' | 'oneOf' | 'onlyDefault'> & { kafkaDefault?: string };

function fixed(
  name: string,
  type: ConfigDefinition['type'],
  defaultValue: string | null,
  bounds: Bounds = {},
): BrokerConfigDefinition {
  return { name, type, defaultValue, ...bounds, dynamic: false };
}

const own: readonly BrokerConfigDefinition[] = [
  fixed('node.id', 'int', '1', { min: 0 }),
  fixed('listeners', 'list', 'PLAINTEXT://127.0.0.1:9092', { kafkaDefault: 'PLAINTEXT://:9092' }),
  fixed('advertised.listeners', 'list', null),
  fixed('log.dirs', 'string', './data', { kafkaDefault: '/tmp/kafka-logs' }),
  fixed('auto.create.topics.enable', 'boolean', 'true'),
  fixed('delete.topic.enable', 'boolean', 'true'),
  fixed('num.partitions', 'int', '1', { min: 1, max: 10_000 }),
  fixed('default.replication.factor', 'int', '1', { min: 1, max: 1 }),
  // Waiting gathers the members of a large deployment; here it only delays the first consumer.
  fixed('group.initial.rebalance.delay.ms', 'int', '0', { min: 0, kafkaDefault: '3000' }),
  fixed('group.min.session.timeout.ms', 'int', '6000', { min: 1 }),
  fixed('group.max.session.timeout.ms', 'int', '1800000', { min: 1 }),
  fixed('group.max.size', 'int', String(intMax), { min: 1 }),
  fixed('offset.metadata.max.bytes', 'int', '4096', { min: 0 }),
  // Fifty logs would be fifty open files to replay at start for the handful of groups one machine has.
  fixed('offsets.topic.num.partitions', 'int', '1', { min: 1, max: 1000, kafkaDefault: '50' }),
  fixed('offsets.topic.replication.factor', 'int', '1', { min: 1, max: 1, kafkaDefault: '3' }),
  fixed('offsets.topic.segment.bytes', 'int', '104857600', { min: 1_048_576 }),
  fixed('offsets.retention.minutes', 'int', '10080', { min: 1 }),
  fixed('offsets.retention.check.interval.ms', 'long', '600000', { min: 1 }),
  // An idle broker looks twice a second at logs it knows to be clean: cheap, and erasure is soon seen.
  fixed('log.cleaner.backoff.ms', 'long', '500', { min: 0, kafkaDefault: '15000' }),
  fixed('log.retention.check.interval.ms', 'long', '5000', { min: 1, kafkaDefault: '300000' }),
  fixed('producer.id.expiration.ms', 'int', '86400000', { min: 1 }),
  fixed('socket.request.max.bytes', 'int', '104857600', { min: 1024 }),
  fixed('max.connections', 'int', '1000', { min: 1, kafkaDefault: String(intMax) }),
  fixed('connections.max.idle.ms', 'long', '600000', { min: 1 }),
  fixed('fetch.max.bytes', 'int', '57671680', { min: 1024 }),
];

/** The broker-wide default of each topic setting, under the broker's name for it. */
const topicDefaults: readonly BrokerConfigDefinition[] = topicDefinitions.flatMap((definition) =>
  definition.synonyms.map(({ name, factor }): BrokerConfigDefinition => {
    const derived = definition.synonyms.length > 1;
    if (factor !== 1) {
      const defaultValue = name.endsWith('.hours') ? String(Number(definition.defaultValue) / factor) : null;
      return { name, type: 'int', min: definition.min === -1 ? -1 : 1, defaultValue, dynamic: false };
    }
    const { synonyms: _synonyms, ...rest } = definition;
    return { ...rest, name, defaultValue: derived ? null : definition.defaultValue, dynamic: true };
  }),
);

/** Kafka 4.1's broker settings that this broker serves (KafkaConfig, ServerConfigs, GroupCoordinatorConfig). */
export const brokerDefinitions: readonly BrokerConfigDefinition[] = [...own, ...topicDefaults];

/**
 * Kafka names that a configuration file written for Kafka may hold and that have nothing to act on in one process without
 * replication, transactions or KRaft. They are accepted with a warning, so that the same file starts both.
 */
export const namesWithoutEffect: readonly RegExp[] = [
  /^(broker\.id|broker\.rack|process\.roles|controller\..+|early\.start\.listeners|inter\.broker\..+)$/,
  /^(num\.(network|io|replica\.fetchers|recovery).*|background\.threads|queued\.max\..+)$/,
  /^socket\.(send|receive)\.buffer\.bytes$|^socket\.listen\.backlog\.size$/,
  /^(transaction\.state\.log|transaction|transactional|share\.coordinator|group\.(share|consumer|streams|coordinator))\..+/,
  /^(replica|leader|metadata|broker\.(heartbeat|session)|zookeeper|remote\.log|telemetry|metric|quota|fetch\.purgatory)\.?.*/,
  /^log\.(cleaner\.(enable|threads|io|dedupe|delete).*|flush\.(scheduler|offset|start)\..+|dir|initial\..+)$/,
  /^(listener\.security\.protocol\.map|auto\.leader\.rebalance\.enable|offsets\.(load|topic|commit)\..+)$/,
  /^(controlled\.shutdown|unstable|compression)\..+|^max\.(incremental\.fetch|connection).+/,
  /^producer\.(id|purgatory)\..+|^delete\.records\.purgatory\..+/,
];
