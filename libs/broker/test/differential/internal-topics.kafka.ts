import { test } from 'node:test';
import { apis } from '@oubliette/protocol';
import { partitionOf } from '../../src/groups/offsets-log.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { KafkaNode, kafkaLibs } from '../support/live-kafka.js';
import type { WireClient } from '../support/wire-client.js';
import { asking, commit, join, type Asking } from './group-cases.js';
import { compare, Side, until, type Case } from './two-brokers.js';

/*
 * Topics that are made because a client asked for their metadata: internal ones have partitions and settings of their own. And a
 * __consumer_offsets with another number of partitions than the settings say: which groups have a coordinator. Needs a directory of
 * Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */

const settings = {
  'auto.create.topics.enable': 'true',
  'num.partitions': '4',
  'offsets.topic.num.partitions': '3',
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
    await until(name, async () => (await metadataOf(client, name, false))[0]?.[0] === 0);
    const resources = [{ resourceType: 2, resourceName: name, configurationKeys: null }];
    const { results } = await client.call(apis.describeConfigs, 4, { resources });
    const own = results[0]?.configs.filter(({ configSource }) => configSource === 1) ?? [];
    const configs = own.map((config) => `${config.name}=${config.value}`).sort();
    return { asked, there: await metadataOf(client, name, false), configs };
  };

const offsetsTopic = '__consumer_offsets';
const names = [offsetsTopic, '__transaction_state', '__share_group_state', 'plain'];

/** One group for each partition of five, which is, but for the last two, its partition of three as well. */
const groups = [0, 1, 2, 3, 4].map((partition) => {
  for (let tried = 0; ; tried++) {
    const id = `group-${tried}`;
    if (partitionOf(id, 5) === partition && partitionOf(id, 3) === partition % 3) return id;
  }
});

/** What the group's members and administrators hear. */
async function askAs(asked: Asking, groupId: string): Promise<void> {
  const me = { groupId, memberId: 'm', generationId: 1, groupInstanceId: null };
  const topics = [{ name: 'grouped', partitionIndexes: [0] }];
  const group = { groupId, memberId: null, memberEpoch: -1, topics };
  await asked.ask(apis.findCoordinator, 3, { key: groupId, keyType: 0 });
  await asked.ask(apis.offsetCommit, 8, commit(groupId, [{}]));
  await asked.ask(apis.offsetFetch, 7, { groupId, topics, groups: [], requireStable: true });
  await asked.ask(apis.offsetFetch, 9, { groupId: '', topics: [], groups: [group], requireStable: true });
  await asked.ask(apis.joinGroup, 5, join(groupId, { memberId: 'm' }));
  await asked.ask(apis.syncGroup, 5, { ...me, protocolType: 'a', protocolName: 'b', assignments: [] });
  await asked.ask(apis.heartbeat, 4, me);
  const members = [{ memberId: 'm', groupInstanceId: null, reason: null }];
  await asked.ask(apis.leaveGroup, 1, { groupId, memberId: 'm', members: [] });
  await asked.ask(apis.leaveGroup, 4, { groupId, memberId: '', members });
  await asked.ask(apis.describeGroups, 6, { groups: [groupId], includeAuthorizedOperations: true });
  const partitions = [{ partitionIndex: 1 }];
  await asked.ask(apis.offsetDelete, 0, { groupId, topics: [{ name: 'grouped', partitions }] });
}

const askAll = asking(async (asked) => {
  // Without partitions of its own it is asked until it is loaded.
  await until('a coordinator', async () => {
    const body = { key: groups[0] ?? '', keyType: 0 };
    return (await asked.client.call(apis.findCoordinator, 3, body)).errorCode === 0;
  });
  for (const groupId of groups) await askAs(asked, groupId);
  await asked.ask(apis.findCoordinator, 4, { key: '', keyType: 0, coordinatorKeys: groups });
  const { groups: listed } = await asked.client.call(apis.listGroups, 4, { statesFilter: [] });
  // Kafka also lists what partitions hold of groups that are now of other ones.
  asked.seen.push([...new Set(listed.map(({ groupId }) => groupId))].sort());
  await asked.ask(apis.deleteGroups, 2, { groupsNames: groups.slice(3) });
});

const makeOffsets: Case = async (side) => {
  await side.createTopics({ [offsetsTopic]: { partitions: 1 }, grouped: { partitions: 2 } });
  return null;
};

const growOffsets: Case = async (side, client) => {
  const topics = [{ name: offsetsTopic, count: 5, assignments: null }];
  const answer = await client.call(apis.createPartitions, 3, {
    topics,
    timeoutMs: 10_000,
    validateOnly: false,
  });
  await side.untilLed({ [offsetsTopic]: { partitions: 5 } });
  return answer.results.map(({ errorCode }) => errorCode);
};

const deleteOffsets: Case = async (_side, client) => {
  const topics = [{ name: offsetsTopic, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }];
  const { responses } = await client.call(apis.deleteTopics, 6, { topics, timeoutMs: 10_000 });
  await until(
    `${offsetsTopic} gone`,
    async () => (await metadataOf(client, offsetsTopic, false))[0]?.[0] !== 0,
  );
  return responses.map(({ errorCode }) => errorCode);
};

test('internal topics are made and used as by Kafka', { skip: kafkaLibs === undefined }, async (t) => {
  const fixture = await BrokerFixture.start(t, settings);
  const node = await KafkaNode.start(t, settings);
  const sides = [new Side('ours', fixture.port), new Side('kafka', node.port)] as const;
  await compare(t, sides, {
    'one partition is made where three are configured': makeOffsets,
    'groups of one partition of three': askAll,
    'it is grown to five': growOffsets,
    'groups of five partitions, of which three are used': askAll,
  });
  await Promise.all([fixture.restart(), node.restart('SIGTERM')]);
  for (const side of sides)
    await side.untilLed({ [offsetsTopic]: { partitions: 5 }, grouped: { partitions: 2 } });
  await compare(t, sides, {
    'groups of five partitions after a start': askAll,
    'it is deleted': deleteOffsets,
    ...Object.fromEntries(names.map((name) => [`${name}, made by asking for it`, madeByAsking(name)])),
    'groups of three partitions of five': askAll,
  });
});
