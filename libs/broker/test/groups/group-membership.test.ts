import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  client,
  CoordinatorFixture,
  joinRequest,
  rebalanceTimeoutMs,
  sessionTimeoutMs,
} from './coordinator-fixture.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('a lone member leads its group at once and gets what it assigned itself', async () => {
  const { coordinator, ...fixture } = await CoordinatorFixture.start();
  const joined = await coordinator.join(joinRequest(), client);
  assert.equal(joined.error, 'NONE');
  assert.equal(joined.generation, 1);
  assert.equal(joined.leader, joined.memberId);
  assert.deepEqual(
    joined.members.map(({ memberId }) => memberId),
    [joined.memberId],
  );
  assert.match(joined.memberId, /^c-[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.equal(coordinator.describe('g')?.state, 'CompletingRebalance');
  const answer = await coordinator.sync({
    groupId: 'g',
    memberId: joined.memberId,
    instanceId: null,
    generation: 1,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId: joined.memberId, assignment: Buffer.from('all') }],
  });
  assert.equal(text(answer.assignment), 'all');
  assert.equal(coordinator.describe('g')?.state, 'Stable');
  assert.ok(fixture.clock.pending > 0);
});

test('a second member makes the first rejoin; the follower waits for the leader to assign', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  const first = await fixture.settleOne();
  const secondJoin = coordinator.join(joinRequest(), client);
  assert.equal(fixture.heartbeat(first), 'REBALANCE_IN_PROGRESS');
  const again = await coordinator.join(joinRequest({ memberId: first.memberId }), client);
  const second = await secondJoin;
  assert.deepEqual([again.generation, second.generation], [2, 2]);
  assert.equal(again.members.length, 2);
  assert.equal(second.leader, again.memberId);
  assert.deepEqual(second.members, []);
  const follower = fixture.sync(second);
  await fixture.syncLeader(again, { [again.memberId]: 'left', [second.memberId]: 'right' });
  assert.equal(text((await follower).assignment), 'right');
  assert.equal(fixture.heartbeat(first), 'ILLEGAL_GENERATION');
  assert.equal(fixture.heartbeat(second), 'NONE');
});

test('a member that is silent for its session is removed, one that heartbeats is not', async () => {
  const fixture = await CoordinatorFixture.start();
  const joined = await fixture.settleOne();
  for (let beat = 0; beat < 5; beat++) {
    fixture.clock.advance(sessionTimeoutMs - 1);
    assert.equal(fixture.heartbeat(joined), 'NONE');
  }
  fixture.clock.advance(sessionTimeoutMs);
  assert.equal(fixture.heartbeat(joined), 'UNKNOWN_MEMBER_ID');
  assert.equal(fixture.coordinator.describe('g')?.state, 'Empty');
});

test('a rebalance goes on without the member that does not rejoin in time', async () => {
  const fixture = await CoordinatorFixture.start();
  const lost = await fixture.settleOne({ sessionTimeoutMs: 60_000 });
  const joining = fixture.coordinator.join(joinRequest(), client);
  fixture.clock.advance(rebalanceTimeoutMs - 1);
  assert.equal(fixture.coordinator.describe('g')?.state, 'PreparingRebalance');
  fixture.clock.advance(1);
  const joined = await joining;
  assert.equal(joined.leader, joined.memberId);
  assert.equal(joined.members.length, 1);
  assert.equal(fixture.heartbeat(lost), 'UNKNOWN_MEMBER_ID');
});

test('a leader that does not assign in time is removed, and the others rejoin', async () => {
  const fixture = await CoordinatorFixture.start();
  const first = await fixture.settleOne({ sessionTimeoutMs: 60_000 });
  const secondJoin = fixture.coordinator.join(joinRequest({ sessionTimeoutMs: 60_000 }), client);
  const again = fixture.coordinator.join(
    joinRequest({ memberId: first.memberId, sessionTimeoutMs: 60_000 }),
    client,
  );
  const [leader, follower] = [await again, await secondJoin];
  const waiting = fixture.sync(follower);
  fixture.clock.advance(rebalanceTimeoutMs);
  assert.equal((await waiting).error, 'REBALANCE_IN_PROGRESS');
  assert.equal(fixture.heartbeat(leader), 'UNKNOWN_MEMBER_ID');
  const rejoined = await fixture.coordinator.join(joinRequest({ memberId: follower.memberId }), client);
  assert.equal(rejoined.leader, follower.memberId);
});

test('the first rebalance waits for more members, longer with each, never beyond the rebalance timeout', async () => {
  const fixture = await CoordinatorFixture.start(3000);
  const first = fixture.coordinator.join(joinRequest(), client);
  fixture.clock.advance(2999);
  const second = fixture.coordinator.join(joinRequest(), client);
  fixture.clock.advance(2999);
  assert.equal(fixture.coordinator.describe('g')?.state, 'PreparingRebalance');
  fixture.clock.advance(2);
  const results = [await first, await second];
  assert.deepEqual(
    results.map(({ generation, members }) => [generation, members.length]),
    [
      [1, 2],
      [1, 0],
    ],
  );
});

test('a new member must come back with the id it was given, and the id is forgotten when it does not', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  const told = await coordinator.join(joinRequest({ requireKnownMemberId: true }), client);
  assert.equal(told.error, 'MEMBER_ID_REQUIRED');
  const { memberId } = told;
  const joined = await coordinator.join(joinRequest({ memberId, requireKnownMemberId: true }), client);
  assert.deepEqual([joined.error, joined.memberId], ['NONE', memberId]);
  const other = await coordinator.join(joinRequest({ requireKnownMemberId: true }), client);
  fixture.clock.advance(sessionTimeoutMs);
  const late = await coordinator.join(joinRequest({ memberId: other.memberId }), client);
  assert.equal(late.error, 'UNKNOWN_MEMBER_ID');
});

test('a rebalance waits for the member that was given an id and is about to come back with it', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  const first = await fixture.settleOne();
  const { memberId } = await coordinator.join(joinRequest({ requireKnownMemberId: true }), client);
  const again = coordinator.join(joinRequest({ memberId: first.memberId }), client);
  assert.equal(coordinator.describe('g')?.state, 'PreparingRebalance');
  const second = coordinator.join(joinRequest({ memberId }), client);
  assert.deepEqual([(await again).generation, (await second).generation], [2, 2]);
});

test('a static member that comes back takes its place without a rebalance, and its old self is fenced', async () => {
  const fixture = await CoordinatorFixture.start();
  const before = await fixture.settleOne({ instanceId: 'i', supportsSkippingAssignment: true });
  const request = joinRequest({ instanceId: 'i', supportsSkippingAssignment: true });
  const after = await fixture.coordinator.join(request, client);
  assert.equal(after.generation, before.generation);
  assert.notEqual(after.memberId, before.memberId);
  assert.deepEqual([after.leader, after.skipAssignment], [after.memberId, true]);
  assert.equal(fixture.heartbeat(before, 'i'), 'FENCED_INSTANCE_ID');
  assert.equal(fixture.heartbeat(after, 'i'), 'NONE');
  fixture.coordinator.leave('g', [{ memberId: '', instanceId: 'i' }]);
  assert.equal(fixture.coordinator.describe('g')?.state, 'Empty');
});

test('what does not fit is refused: no group, wrong session, no common protocol, a full group, a stranger', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  const error = async (overrides: Parameters<typeof joinRequest>[0]) =>
    (await coordinator.join(joinRequest(overrides), client)).error;
  assert.equal(await error({ groupId: '' }), 'INVALID_GROUP_ID');
  assert.equal(await error({ sessionTimeoutMs: 999 }), 'INVALID_SESSION_TIMEOUT');
  assert.equal(await error({ sessionTimeoutMs: 60_001 }), 'INVALID_SESSION_TIMEOUT');
  assert.equal(await error({ memberId: 'unheard' }), 'UNKNOWN_MEMBER_ID');
  assert.equal(await error({ protocols: [] }), 'INCONSISTENT_GROUP_PROTOCOL');
  const { memberId } = await fixture.settleOne();
  assert.equal(await error({ memberId: 'unheard' }), 'UNKNOWN_MEMBER_ID');
  assert.equal(await error({ protocolType: 'connect' }), 'INCONSISTENT_GROUP_PROTOCOL');
  const other = [{ name: 'sticky', metadata: new Uint8Array(0) }];
  assert.equal(await error({ protocols: other }), 'INCONSISTENT_GROUP_PROTOCOL');
  // While they gather, those that have joined count: the one of the last generation is left out when it comes too late.
  const waiting = [1, 2, 3].map(() => coordinator.join(joinRequest(), client));
  assert.equal(await error({}), 'GROUP_MAX_SIZE_REACHED');
  assert.equal(await error({ memberId }), 'GROUP_MAX_SIZE_REACHED');
  assert.equal(coordinator.describe('g')?.members.length, 3);
  await coordinator.close();
  for (const result of await Promise.all(waiting)) assert.equal(result.error, 'NOT_COORDINATOR');
});

test('the protocol that all offer and most prefer is chosen', async () => {
  const fixture = await CoordinatorFixture.start(1000);
  const none = new Uint8Array(0);
  const offer = (...names: string[]) =>
    joinRequest({ protocols: names.map((name) => ({ name, metadata: none })) });
  const joins = [offer('a', 'b'), offer('c', 'b', 'a'), offer('b', 'a')].map((request) =>
    fixture.coordinator.join(request, client),
  );
  fixture.clock.advance(60_000);
  for (const { protocolName } of await Promise.all(joins)) assert.equal(protocolName, 'b');
});

test('closing leaves no timer behind', async () => {
  const fixture = await CoordinatorFixture.start();
  const idle = fixture.clock.pending;
  await fixture.settleOne();
  assert.ok(fixture.clock.pending > idle);
  await fixture.coordinator.close();
  // What remains is the logs' own.
  assert.equal(fixture.clock.pending, idle - 1);
});

test('a group whose name its record cannot hold is not stored, and ends nothing but itself', async () => {
  const { coordinator, clock } = await CoordinatorFixture.start();
  const groupId = 'g'.repeat(40_000);
  const joined = await coordinator.join(joinRequest({ groupId }), client);
  assert.equal(joined.error, 'NONE');
  // The removal of its last member stores the empty group, the next check its end, both from a timer.
  await clock.advanceAsync(sessionTimeoutMs + rebalanceTimeoutMs);
  assert.equal(coordinator.describe(groupId)?.state, 'Empty');
});

test('a new member whose join waits for five minutes is out; one that was here before waits on', async () => {
  const fixture = await CoordinatorFixture.start();
  const long = { rebalanceTimeoutMs: 600_000, sessionTimeoutMs: 60_000 };
  const first = await fixture.settleOne(long);
  const second = fixture.coordinator.join(joinRequest(long), client);
  const beat = (until: number) => {
    for (let at = 0; at < until; at += 50_000) {
      fixture.clock.advance(50_000);
      fixture.heartbeat(first);
    }
  };
  beat(250_000);
  assert.equal(fixture.coordinator.describe('g')?.members.length, 2);
  beat(50_000);
  const refused = await second;
  assert.deepEqual([refused.error, refused.memberId], ['UNKNOWN_MEMBER_ID', '']);
  assert.equal(fixture.coordinator.describe('g')?.members.length, 1);
});

test('a session goes on from the heartbeat, not from a sync that asks again', async () => {
  const fixture = await CoordinatorFixture.start();
  const joined = await fixture.settleOne();
  fixture.clock.advance(sessionTimeoutMs - 1);
  assert.equal((await fixture.sync(joined)).error, 'NONE');
  fixture.clock.advance(1);
  assert.equal(fixture.heartbeat(joined), 'UNKNOWN_MEMBER_ID');
});

test('read back with more members than there may be, a group gathers anew', async () => {
  const fixture = await CoordinatorFixture.start();
  const first = await fixture.settleOne();
  const joining = [1, 2].map(() => fixture.coordinator.join(joinRequest(), client));
  const again = await fixture.coordinator.join(joinRequest({ memberId: first.memberId }), client);
  await Promise.all(joining);
  await fixture.syncLeader(again);
  await fixture.restart();
  assert.equal(fixture.coordinator.describe('g')?.state, 'Stable');
  await fixture.restart({ maxMembers: 2 });
  assert.equal(fixture.coordinator.describe('g')?.state, 'PreparingRebalance');
});

test('an assignment that no batch holds is refused to all who wait for it, and they gather anew', async () => {
  const fixture = await CoordinatorFixture.start();
  const first = await fixture.settleOne();
  const joining = fixture.coordinator.join(joinRequest(), client);
  const leader = await fixture.coordinator.join(joinRequest({ memberId: first.memberId }), client);
  const follower = fixture.sync(await joining);
  const log = fixture.world.logs.get('__consumer_offsets', 0);
  log?.configure({ ...log.config, maxMessageBytes: 400 });
  const heavy = await fixture.syncLeader(leader, { [leader.memberId]: 'x'.repeat(400) });
  assert.deepEqual([heavy.error, (await follower).error], ['UNKNOWN_SERVER_ERROR', 'UNKNOWN_SERVER_ERROR']);
  assert.equal(fixture.heartbeat(leader), 'REBALANCE_IN_PROGRESS');
});

test('as on Kafka nobody answers the sync of a member that was taken out, until the broker stops', async () => {
  const fixture = await CoordinatorFixture.start();
  const { coordinator } = fixture;
  const leader = await fixture.settleOne();
  const joining = coordinator.join(joinRequest(), client);
  const again = await coordinator.join(joinRequest({ memberId: leader.memberId }), client);
  const follower = await joining;
  const answers: string[] = [];
  const waiting = fixture.sync(follower).then(({ error }) => answers.push(error));
  assert.deepEqual(coordinator.leave('g', [{ memberId: follower.memberId, instanceId: null }]), ['NONE']);
  assert.equal(fixture.heartbeat(again), 'REBALANCE_IN_PROGRESS');
  assert.equal((await fixture.sync(follower)).error, 'UNKNOWN_MEMBER_ID');
  await fixture.clock.advanceAsync(rebalanceTimeoutMs);
  assert.deepEqual(answers, []);
  await coordinator.close();
  await waiting;
  assert.deepEqual(answers, ['NOT_COORDINATOR']);
});
