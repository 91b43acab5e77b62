import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, Compression, iterateBatches } from '@oubliette/protocol';
import { kafkaLibs } from '../support/live-kafka.js';
import { asking, awaitCoordinator, commit, groupTopics } from './group-cases.js';
import { readRecords, recordsOfGroups } from './group-record-cases.js';
import { askGroups } from './offsets-topic-cases.js';
import { compare, startBoth, type Case } from './two-brokers.js';

/*
 * More replicas of the committed offsets than there are brokers, and a codec for them: both brokers answer the same. Needs a directory
 * of Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */

const offsetsTopic = '__consumer_offsets';

const cases: Readonly<Record<string, Case>> = {
  'three replicas on one broker: nobody ever finds a coordinator': asking(async (asked) => {
    const [one, many] = [
      { key: 'lost', keyType: 0 },
      { keyType: 0, coordinatorKeys: ['lost', 'other'] },
    ];
    for (const version of [0, 3, 4, 6, 3]) {
      const find = version < 4 ? one : many;
      await asked.ask(apis.findCoordinator, version, version === 0 ? { key: 'lost' } : find);
      await askGroups(asked);
    }
    const { topics } = await asked.client.call(apis.metadata, 9, {
      topics: [{ name: offsetsTopic }],
      allowAutoTopicCreation: true,
    });
    asked.seen.push(topics.map(({ name, errorCode, isInternal }) => [name, errorCode, isInternal]));
  }),

  'an administrator makes it with one': async (_side, client) => {
    const topic = {
      name: offsetsTopic,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    };
    const created = await client.call(apis.createTopics, 5, {
      topics: [topic],
      timeoutMs: 10_000,
      validateOnly: false,
    });
    await awaitCoordinator(client);
    return created.topics.map(({ name, errorCode }) => [name, errorCode]);
  },

  'commits and deletions': asking(async (asked) => {
    await asked.ask(apis.offsetCommit, 8, commit('packed', [{}, { partitionIndex: 1 }]));
    const topics = [{ name: 'grouped', partitionIndexes: [0, 1] }];
    await asked.ask(apis.offsetFetch, 7, { groupId: 'packed', topics, groups: [], requireStable: true });
    await asked.ask(apis.deleteGroups, 2, { groupsNames: ['packed'] });
  }),

  'the codec of their batches': async (_side, client) => {
    const batches = [...iterateBatches(await readRecords(client))];
    assert.ok(batches.length > 0);
    return batches.map(({ compression }) => compression);
  },

  'what they hold': recordsOfGroups(),
};

test('settings of the offsets topic as Kafka takes them', { skip: kafkaLibs === undefined }, async (t) => {
  const sides = await startBoth(t, groupTopics, {
    'offsets.topic.replication.factor': '3',
    'offsets.topic.compression.codec': String(Compression.zstd),
  });
  await compare(t, sides, cases);
});
