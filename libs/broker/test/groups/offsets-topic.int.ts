import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { apis, ErrorCode } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

/* The topic of the committed offsets in an administrator's hands: held to Kafka by differential/offsets-topic-cases.ts. */

async function start(t: TestContext, partitions: number) {
  const fixture = await BrokerFixture.start(t, {
    'offsets.topic.num.partitions': String(partitions),
    'group.initial.rebalance.delay.ms': '60000',
  });
  const client = async (): Promise<WireClient> => WireClient.connect(fixture.port);
  const one = await client();
  const topic = { name: 'read', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await one.call(apis.createTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: false });
  await look(one);
  return { fixture, client, one };
}

/** Looks for a coordinator until there is one; gives the answers on the way. */
async function look(client: WireClient): Promise<readonly (number | undefined)[]> {
  const codes: (number | undefined)[] = [];
  while (codes.at(-1) !== ErrorCode.NONE) {
    const answer = await client.call(apis.findCoordinator, 4, {
      key: '',
      keyType: 0,
      coordinatorKeys: ['g', 'h'],
    });
    const [one, other] = answer.coordinators.map(({ errorCode }) => errorCode);
    assert.equal(one, other);
    codes.push(one);
  }
  return codes;
}

/** Resolves once the group gathers its members. */
async function joining(client: WireClient): Promise<void> {
  for (;;) {
    const { groups } = await client.call(apis.describeGroups, 5, { groups: ['waiting'] });
    if (groups[0]?.groupState === 'PreparingRebalance') return;
  }
}

async function commit(client: WireClient, groupId: string): Promise<number | undefined> {
  const partition = {
    partitionIndex: 0,
    committedOffset: 7n,
    committedLeaderEpoch: -1,
    committedMetadata: null,
  };
  const answer = await client.call(apis.offsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    topics: [{ name: 'read', partitions: [partition] }],
  });
  return answer.topics[0]?.partitions[0]?.errorCode;
}

async function committed(client: WireClient, groupId: string): Promise<bigint | undefined> {
  const topics = [{ name: 'read', partitionIndexes: [0] }];
  const answer = await client.call(apis.offsetFetch, 7, { groupId, topics, requireStable: true });
  return answer.topics[0]?.partitions[0]?.committedOffset;
}

test('deleted while a member waits: it is told, and the next who looks has the topic made again', async (t) => {
  const { one, client, fixture } = await start(t, 1);
  assert.equal(await commit(one, 'g'), ErrorCode.NONE);
  const member = await client();
  const join = {
    groupId: 'waiting',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  };
  const waiting = member.call(apis.joinGroup, 3, join);
  await joining(one);
  const topics = [{ name: '__consumer_offsets', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }];
  await one.call(apis.deleteTopics, 6, { topics, timeoutMs: 1000 });
  assert.equal(await commit(one, 'g'), ErrorCode.NOT_COORDINATOR);
  assert.equal((await waiting).errorCode, ErrorCode.NOT_COORDINATOR);
  const [first] = await look(one);
  assert.equal(first, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  assert.equal(await committed(one, 'g'), -1n);
  assert.equal(await commit(one, 'g'), ErrorCode.NONE);
  await fixture.restart();
  const after = await client();
  assert.equal(await committed(after, 'g'), 7n);
  for (const open of [one, member, after]) open.end();
});

test('with more partitions a group is looked for where its hash leads, after the next start', async (t) => {
  const { one, client, fixture } = await start(t, 1);
  const ids = ['a', 'b', 'c', 'd'];
  for (const id of ids) assert.equal(await commit(one, id), ErrorCode.NONE);
  const topics = [{ name: '__consumer_offsets', count: 2, assignments: null }];
  await one.call(apis.createPartitions, 3, { topics, timeoutMs: 1000, validateOnly: false });
  for (const id of ids) assert.equal(await committed(one, id), 7n);
  await fixture.restart();
  const after = await client();
  // Java's hash of a letter is its code: even ones are in partition 0.
  assert.deepEqual(await Promise.all(ids.map((id) => committed(after, id))), [-1n, 7n, -1n, 7n]);
  for (const open of [one, after]) open.end();
});

test('made by hand with fewer partitions than are configured: groups of the others wait until it has them', async (t) => {
  const { one } = await start(t, 2);
  const name = '__consumer_offsets';
  const old = [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }];
  await one.call(apis.deleteTopics, 6, { topics: old, timeoutMs: 1000 });
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await one.call(apis.createTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: false });
  const find = async (): Promise<readonly number[]> => {
    const body = { key: '', keyType: 0, coordinatorKeys: ['g', 'h'] };
    const { coordinators } = await one.call(apis.findCoordinator, 4, body);
    return coordinators.map(({ errorCode }) => errorCode);
  };
  const { NONE, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR } = ErrorCode;
  while ((await find())[1] !== NONE);
  assert.deepEqual(await find(), [COORDINATOR_NOT_AVAILABLE, NONE]);
  assert.deepEqual([await commit(one, 'g'), await commit(one, 'h')], [NOT_COORDINATOR, NONE]);
  const more = [{ name, count: 2, assignments: null }];
  await one.call(apis.createPartitions, 3, { topics: more, timeoutMs: 1000, validateOnly: false });
  assert.deepEqual([await find(), await commit(one, 'g')], [[NONE, NONE], NONE]);
  assert.deepEqual([await committed(one, 'g'), await committed(one, 'h')], [7n, 7n]);
  one.end();
});
