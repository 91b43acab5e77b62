import { KafkaClientError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { KeyTopicSettings, TopicAdmin, TopicDescription } from '../ports.js';
import { drift, keyTopicConfigs } from './key-topic-configs.js';

/** As many as survive the loss of one broker while another is being replaced. */
const wantedReplicas = 3;

/**
 * Makes the key topic where it is missing, and brings the settings of one that stands in line. With `create` false it
 * changes nothing and rejects with `KEY_TOPIC_MISSING` where there is none. Rejects with `KEY_TOPIC_UNSAFE` for a topic that
 * could delete living keys or would put users into other partitions.
 */
export async function ensureKeyTopic(
  admin: TopicAdmin,
  settings: KeyTopicSettings,
  options: { readonly create: boolean; readonly logger: Logger },
): Promise<void> {
  const { topic } = settings;
  const exists = (await admin.listTopics()).includes(topic);
  if (!exists && !options.create)
    throw new KafkaClientError(
      'KEY_TOPIC_MISSING',
      `The key topic ${topic} does not exist. Check the brokers' address and the topic's name; the application makes it at its first start.`,
    );
  if (!exists) {
    const { partitions } = settings;
    const replicationFactor = await replicasFor(admin, settings);
    const configs = keyTopicConfigs(settings, replicationFactor);
    const made = await admin.createTopic({ name: topic, partitions, replicationFactor, configs });
    // False: another process made it at the same time, which is looked at like any other that stands.
    if (made) return;
  }
  const [description] = await admin.describeTopics([topic]);
  if (description === undefined)
    throw new KafkaClientError(
      'KEY_TOPIC_UNAVAILABLE',
      `The key topic ${topic} cannot be described yet: try again.`,
      {
        retriable: true,
      },
    );
  assertSafe(description, settings);
  const replicas = Math.min(...description.partitions.map((partition) => partition.replicas.length));
  await warnOfReplication(admin, settings, replicas, options.logger);
  // By the replicas that stand, not those declared. More in sync than there are counts as all of them (Partition.scala, effectiveMinIsr):
  // then one that is away would refuse every write.
  const drifted = drift(keyTopicConfigs(settings, replicas), description.configs);
  if (Object.keys(drifted).length === 0 || !options.create) return;
  options.logger.warn('The key topic had other settings than declared; they are set again', {
    topic,
    settings: Object.entries(drifted)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  });
  await admin.setTopicConfigs(topic, drifted);
}

function assertSafe({ name, partitions, configs }: TopicDescription, settings: KeyTopicSettings): void {
  const policy = configs['cleanup.policy'] ?? '';
  if (policy.split(',').some((part) => part.trim() === 'delete'))
    throw new KafkaClientError(
      'KEY_TOPIC_UNSAFE',
      `The key topic ${name} has cleanup.policy=${policy}, which deletes living keys after a while, and with them all that they encrypt. ` +
        'If it really holds the keys, set cleanup.policy=compact at once (incrementally: kafka-configs --alter --add-config); if not, name another topic.',
    );
  if (partitions.length !== settings.partitions)
    throw new KafkaClientError(
      'KEY_TOPIC_UNSAFE',
      `The key topic ${name} has ${partitions.length} partitions, but ${settings.partitions} are declared. A user's records must stay in one partition: ` +
        `declare partitions: ${partitions.length}, and never add partitions to the key topic.`,
    );
}

async function replicasFor(admin: TopicAdmin, { replicationFactor }: KeyTopicSettings): Promise<number> {
  return replicationFactor ?? Math.min(wantedReplicas, await admin.liveBrokers());
}

async function warnOfReplication(
  admin: TopicAdmin,
  settings: KeyTopicSettings,
  replicas: number,
  logger: Logger,
): Promise<void> {
  const wanted = await replicasFor(admin, settings);
  if (replicas < wanted)
    logger.warn(
      'The key topic has fewer replicas than it should: reassign it, or a lost broker may lose keys',
      {
        topic: settings.topic,
        replicas,
        wanted,
      },
    );
}
