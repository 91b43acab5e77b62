import { test } from 'node:test';
import { apis } from '@oubliette/protocol';
import { kafkaLibs } from '../support/live-kafka.js';
import type { WireClient } from '../support/wire-client.js';
import { compare, startBoth, until, type Case } from './two-brokers.js';

/*
 * Topics that are made because a client asked for their metadata: internal ones have partitions and settings of their own. Needs a
 * directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */

const settings = {
  'auto.create.topics.enable': 'true',
  'num.partitions': '4',
  'offsets.topic.num.partitions': '6',
  'offsets.topic.segment.bytes': '1048576',
  'transaction.state.log.num.partitions': '2',
  'transaction.state.log.segment.bytes': '2097152',
  'share.coordinator.state.topic.num.partitions': '5',
  'share.coordinator.state.topic.segment.bytes': '3145728',
};

async function metadataOf(client: WireClient, name: string, allowAutoTopicCreation: boolean) {
  const { topics } = await client.call(apis.metadata, 9, { topics: [{ name }], allowAutoTopicCreation });
  return topics.map(({ errorCode, isInternal, partitions }) => [errorCode, isInternal, partitions.length]);
}

/** Kafka makes it a moment after it answered. */
const madeByAsking =
  (name: string): Case =>
  async (_side, client) => {
    const asked = await metadataOf(client, name, true);
    await until(async () => (await metadataOf(client, name, false))[0]?.[0] === 0);
    const resources = [{ resourceType: 2, resourceName: name, configurationKeys: null }];
    const { results } = await client.call(apis.describeConfigs, 4, { resources });
    const own = results[0]?.configs.filter(({ configSource }) => configSource === 1) ?? [];
    const configs = own.map((config) => `${config.name}=${config.value}`).sort();
    return { asked, there: await metadataOf(client, name, false), configs };
  };

const names = ['__consumer_offsets', '__transaction_state', '__share_group_state', 'plain'];

test('topics made by asking for them are those of Kafka', { skip: kafkaLibs === undefined }, async (t) => {
  const sides = await startBoth(t, {}, settings);
  await compare(t, sides, Object.fromEntries(names.map((name) => [name, madeByAsking(name)])));
});
