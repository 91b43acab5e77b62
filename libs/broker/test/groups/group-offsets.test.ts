import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBatch, type KafkaError } from '@oubliette/protocol';
import { CoordinatorFixture, joinRequest, client } from './coordinator-fixture.js';

const outside = {
  groupId: 'g',
  memberId: '',
  instanceId: null,
  generation: -1,
  saysUnknownGroup: false,
  retentionMs: -1n,
};
const at = (offset: bigint, topic = 't', partition = 0, metadata: string | null = 'm') => ({
  topic,
  partition,
  offset,
  leaderEpoch: 3,
  metadata,
});
const code = (error: unknown): string => (error as KafkaError).codeName;

test('committed offsets and groups are there after a restart, deleted ones are not', async () => {
  const fixture = await CoordinatorFixture.start();
  const joined = await fixture.settleOne();
  const member = { ...outside, ...joined };
  assert.deepEqual(await fixture.coordinator.commit(member, [at(5n), at(6n, 't', 1), at(7n, 'u')]), [
    'NONE',
    'NONE',
    'NONE',
  ]);
  await fixture.coordinator.commit({ ...outside, groupId: 'simple' }, [at(9n)]);
  fixture.coordinator.topicDeleted('u');
  await fixture.restart();
  const { coordinator } = fixture;
  assert.deepEqual(
    { ...coordinator.committed('g', 't', 0), commitTimestamp: 0n },
    { offset: 5n, leaderEpoch: 3, metadata: 'm', commitTimestamp: 0n, expireTimestamp: -1n },
  );
  assert.equal(coordinator.committed('g', 'u', 0), undefined);
  assert.equal(coordinator.describe('g')?.state, 'Stable');
  assert.equal(fixture.heartbeat(joined), 'NONE');
  await coordinator.commit(member, [at(6n)]);
  assert.deepEqual(
    coordinator
      .list()
      .map(({ groupId, state }) => `${groupId} ${state}`)
      .sort(),
    ['g Stable', 'simple Empty'],
  );
  await coordinator.delete('simple');
  await fixture.restart();
  assert.deepEqual(
    fixture.coordinator.list().map(({ groupId }) => groupId),
    ['g'],
  );
  assert.equal(fixture.coordinator.committed('simple', 't', 0), undefined);
});

test('only a member of this generation, or nobody in an empty group, may commit', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  const refused = (overrides: object) =>
    coordinator.commit({ ...outside, ...overrides }, [at(1n)]).then(() => 'NONE', code);
  assert.equal(await refused({ groupId: '' }), 'NONE');
  assert.equal(await refused({ generation: 3, memberId: 'm' }), 'ILLEGAL_GENERATION');
  assert.equal(await refused({}), 'NONE');
  const joined = await coordinator.join(joinRequest(), client);
  assert.equal(await refused(joined), 'REBALANCE_IN_PROGRESS');
  await fixture.syncLeader(joined);
  assert.equal(await refused(joined), 'NONE');
  assert.equal(await refused({}), 'UNKNOWN_MEMBER_ID');
  assert.equal(await refused({ ...joined, generation: joined.generation - 1 }), 'ILLEGAL_GENERATION');
  const codes = await coordinator.commit({ ...outside, ...joined }, [
    at(1n, 't', 0, 'x'.repeat(11)),
    at(2n, 't', 1, '\u00e9'.repeat(10)),
  ]);
  assert.deepEqual(codes, ['OFFSET_METADATA_TOO_LARGE', 'NONE']);
});

test('a group with members is not deleted, nor are offsets of a topic they subscribe to', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  assert.equal(await coordinator.delete('g').catch(code), 'GROUP_ID_NOT_FOUND');
  const joined = await fixture.settleOne();
  await coordinator.commit({ ...outside, ...joined }, [at(1n), at(1n, 'other')]);
  assert.equal(await coordinator.delete('g').catch(code), 'NON_EMPTY_GROUP');
  const asked = [
    { topic: 't', partition: 0 },
    { topic: 'other', partition: 0 },
  ];
  assert.deepEqual(await coordinator.deleteOffsets('g', asked), ['GROUP_SUBSCRIBED_TO_TOPIC', 'NONE']);
  assert.equal(coordinator.committed('g', 'other', 0), undefined);
  assert.equal(coordinator.committed('g', 't', 0)?.offset, 1n);
});

test('offsets of a group that is empty for long expire, and the group with them; those of a living group stay', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator, clock } = fixture;
  const joined = await fixture.settleOne();
  await coordinator.commit({ ...outside, ...joined }, [at(1n)]);
  for (let beat = 0; beat < 30; beat++) {
    await clock.advanceAsync(5000);
    assert.equal(fixture.heartbeat(joined), 'NONE');
  }
  assert.equal(coordinator.committed('g', 't', 0)?.offset, 1n);
  coordinator.leave('g', [{ memberId: joined.memberId, instanceId: null }]);
  await clock.advanceAsync(99_000);
  assert.equal(coordinator.committed('g', 't', 0)?.offset, 1n);
  await clock.advanceAsync(20_000);
  assert.equal(coordinator.committed('g', 't', 0), undefined);
  assert.equal(coordinator.describe('g'), null);
});

test('a young commit does not keep the offsets of a group that is empty for long', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator, clock } = fixture;
  const joined = await fixture.settleOne();
  await coordinator.commit({ ...outside, ...joined }, [at(1n)]);
  coordinator.leave('g', [{ memberId: joined.memberId, instanceId: null }]);
  await clock.advanceAsync(95_000);
  await coordinator.commit(outside, [at(2n)]);
  await coordinator.commit({ ...outside, groupId: 'simple' }, [at(3n)]);
  await clock.advanceAsync(20_000);
  assert.equal(coordinator.committed('g', 't', 0), undefined);
  assert.equal(coordinator.committed('simple', 't', 0)?.offset, 3n);
});

test('a living group loses old offsets of topics that nobody in it subscribes to', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator, clock } = fixture;
  const joined = await fixture.settleOne();
  await coordinator.commit({ ...outside, ...joined }, [at(1n), at(1n, 'other')]);
  for (let beat = 0; beat < 30; beat++) {
    await clock.advanceAsync(5000);
    fixture.heartbeat(joined);
  }
  assert.equal(coordinator.committed('g', 't', 0)?.offset, 1n);
  assert.equal(coordinator.committed('g', 'other', 0), undefined);
  assert.equal(coordinator.describe('g')?.state, 'Stable');
});

test('an empty group without offsets goes at the next check', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator, clock } = fixture;
  const joined = await fixture.settleOne();
  coordinator.leave('g', [{ memberId: joined.memberId, instanceId: null }]);
  assert.equal(coordinator.describe('g')?.state, 'Empty');
  await clock.advanceAsync(10_000);
  assert.equal(coordinator.describe('g'), null);
});

test('what cannot be read of the committed offsets refuses the start, by its place', async () => {
  const fixture = await CoordinatorFixture.start();
  await fixture.coordinator.commit({ ...outside, groupId: 'simple' }, [at(9n)]);
  const garbled = { timestamp: 0n, key: Buffer.from([0, 1, 0, 9, 83]), value: null };
  const log = fixture.world.logs.get('__consumer_offsets', 0);
  await log?.append(encodeBatch({ records: [garbled] }), { durable: false });
  await assert.rejects(fixture.restart(), /__consumer_offsets-0 cannot be read at offset 1 /);
});

test('offsets go when their client said, not before, and not while somebody subscribes to their topic', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator, clock } = fixture;
  await coordinator.commit({ ...outside, groupId: 'simple', retentionMs: 25_000n }, [at(1n)]);
  const joined = await fixture.settleOne();
  await coordinator.commit({ ...outside, ...joined, retentionMs: 0n }, [at(1n), at(1n, 'other')]);
  for (let beat = 0; beat < 4; beat++) {
    await clock.advanceAsync(5_000);
    fixture.heartbeat(joined);
  }
  assert.deepEqual(
    ['t', 'other'].map((topic) => coordinator.committed('g', topic, 0)?.offset),
    [1n, undefined],
  );
  assert.equal(coordinator.committed('simple', 't', 0)?.offset, 1n);
  await fixture.restart();
  await clock.advanceAsync(20_000);
  assert.equal(fixture.coordinator.describe('simple'), null);
  assert.equal(fixture.coordinator.describe('g'), null);
});

test('a group of offsets alone stays when they are deleted, until the next look at what has expired', async () => {
  const { coordinator, clock } = await CoordinatorFixture.start();
  await coordinator.commit(outside, [at(1n)]);
  await coordinator.deleteOffsets('g', [{ topic: 't', partition: 0 }]);
  assert.equal(coordinator.describe('g')?.state, 'Empty');
  await clock.advanceAsync(10_000);
  assert.equal(coordinator.describe('g'), null);
});

test('what expires at once is more than one batch holds: it takes several', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator, clock, world } = fixture;
  const log = world.logs.get('__consumer_offsets', 0);
  const some = (from: number) => Array.from({ length: 5 }, (_, index) => at(1n, 't', from + index, null));
  for (let from = 0; from < 40; from += 5) await coordinator.commit(outside, some(from));
  log?.configure({ ...log.config, maxMessageBytes: 400 });
  assert.equal(await coordinator.delete('g').catch(code), 'UNKNOWN_SERVER_ERROR');
  assert.equal(coordinator.committed('g', 't', 39)?.offset, 1n);
  await clock.advanceAsync(120_000);
  assert.deepEqual([...coordinator.allCommitted('g')], []);
  await fixture.restart();
  assert.deepEqual(fixture.coordinator.list(), []);
});
