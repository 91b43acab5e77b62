import { KafkaError } from '@oubliette/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import type { TopicOverrides } from '../config/topic-config.js';
import type { NewTopic } from './topic-manager.js';
import { offsetsTopic, shareStateTopic, transactionStateTopic } from './topic-name.js';

/** Where the broker's settings say what an automatic topic is to be. */
interface Source {
  readonly partitions: string;
  readonly replicas: string;
  readonly configs: (config: BrokerConfig) => TopicOverrides;
}

const sources: Readonly<Record<string, Source>> = {
  [offsetsTopic]: {
    partitions: 'offsets.topic.num.partitions',
    replicas: 'offsets.topic.replication.factor',
    configs: (config) => ({
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': String(config.number('offsets.topic.segment.bytes')),
    }),
  },
  [transactionStateTopic]: {
    partitions: 'transaction.state.log.num.partitions',
    replicas: 'transaction.state.log.replication.factor',
    configs: (config) => ({
      'cleanup.policy': 'compact',
      'compression.type': 'uncompressed',
      'min.insync.replicas': String(config.number('transaction.state.log.min.isr')),
      'segment.bytes': String(config.number('transaction.state.log.segment.bytes')),
      'unclean.leader.election.enable': 'false',
    }),
  },
  [shareStateTopic]: {
    partitions: 'share.coordinator.state.topic.num.partitions',
    replicas: 'share.coordinator.state.topic.replication.factor',
    configs: (config) => ({
      'cleanup.policy': 'delete',
      'compression.type': 'producer',
      'min.insync.replicas': String(config.number('share.coordinator.state.topic.min.isr')),
      'retention.ms': '-1',
      'segment.bytes': String(config.number('share.coordinator.state.topic.segment.bytes')),
    }),
  },
};

const others: Source = {
  partitions: 'num.partitions',
  replicas: 'default.replication.factor',
  configs: () => ({}),
};

/**
 * What a topic is made as that nobody described: internal ones have settings of their own (DefaultAutoTopicCreationManager.creatableTopic).
 * Throws KafkaError INVALID_REPLICATION_FACTOR, naming the setting, where more replicas are asked for than there are brokers.
 */
export function automaticTopic(name: string, config: BrokerConfig): NewTopic {
  const { partitions, replicas, configs } = sources[name] ?? others;
  const wanted = config.number(replicas);
  if (wanted > 1) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `${replicas} is ${wanted} and this broker is the only one: ${name} cannot be made until it is started with 1`,
    );
  }
  return { name, partitions: config.number(partitions), configs: configs(config) };
}
