import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { requestedErasure, type SimulatedSettings } from '../../src/testing/index.js';
import { Deployment } from './forgetting-harness.js';

async function deployment(t: TestContext, settings: Partial<SimulatedSettings> = {}): Promise<Deployment> {
  const started = await Deployment.start(settings);
  t.after(() => started.stop());
  return started;
}

const withCode = (code: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === code;
const userIds = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

test('many users are forgotten in one call, each with an erasure of its own, in the order asked', async (t) => {
  const d = await deployment(t);
  const ids = userIds(1_100);
  await d.enrol(...ids);
  const appends = d.topic.calls.appends;
  const erasures = await d.service().requestMany(['nobody', ...ids, 'user-7']);
  assert.equal(erasures[0], null);
  assert.equal(erasures.length, ids.length + 2);
  assert.equal(erasures.at(-1)?.erasureId, erasures[8]?.erasureId);
  ids.forEach((userId, index) => {
    assert.equal(erasures[index + 1]?.userRef, d.keyring.userRef(userId));
    assert.equal(erasures[index + 1]?.state, 'forgotten');
  });
  assert.equal((await d.store.counts()).forgotten, ids.length);
  assert.equal(d.keyring.size().forgotten, ids.length);
  // Batches of a thousand users over four partitions, not an append a user.
  assert.ok(d.topic.calls.appends - appends <= 20, `${d.topic.calls.appends - appends} appends`);
});

test('of very many the most urgent come first, wherever in the ledger they stand', async (t) => {
  const d = await deployment(t);
  const now = Math.floor(d.clock.now());
  const day = 86_400_000;
  const asked = userIds(1_500).map((userId, index) =>
    requestedErasure({
      erasureId: `e-${index}`,
      userRef: d.keyring.userRef(userId),
      requestedAt: now + index,
      // The last are due first.
      deadline: now + 90 * day - index,
    }),
  );
  await d.store.openAll(asked);
  const due = await d.service().due(3, 90 * day);
  assert.deepEqual(
    due.map(({ erasureId }) => erasureId),
    ['e-1499', 'e-1498', 'e-1497'],
  );
});

test('all of them leave the log', async (t) => {
  const d = await deployment(t);
  const ids = userIds(50);
  await d.enrol(...ids, 'stays');
  const erasures = await d.service().requestMany(ids);
  for (const erasure of erasures) assert.notEqual(await d.untilErased(erasure?.erasureId ?? ''), null);
  for (const userId of ids) assert.ok(!d.holds(userId));
  assert.ok(d.holds('stays'));
});

test('a bad id refuses the call before anything is written', async (t) => {
  const d = await deployment(t);
  await d.enrol('ada');
  await assert.rejects(d.service().requestMany(['ada', '']), withCode('USER_ID_INVALID'));
  assert.deepEqual(await d.store.pending(9), []);
  assert.equal(d.keyring.state(d.keyring.userRef('ada')), 'active');
});

test('what the key topic refuses stands in the ledger, and is carried out when it answers', async (t) => {
  const d = await deployment(t);
  const ids = userIds(40);
  await d.enrol(...ids);
  const service = d.service();
  await service.resume();
  d.topic.fail(Object.assign(new Error('away'), { code: 'KAFKA_UNAVAILABLE', retriable: true }));
  await assert.rejects(service.requestMany(ids));
  assert.equal((await d.store.counts()).requested, ids.length);
  d.topic.fail(null);
  await d.clock.advanceAsync(10_000);
  const counts = await d.store.counts();
  assert.equal(counts.requested, 0);
  assert.equal(counts.forgotten + counts.erased, ids.length);
  assert.equal(d.keyring.size().forgotten, ids.length);
});

test('one erasure that can never be carried out holds up none of its neighbours', async (t) => {
  const d = await deployment(t);
  await d.enrol('ada', 'ben');
  const service = d.service();
  for (const userId of ['ada', 'ben']) {
    const userRef = d.keyring.userRef(userId);
    await d.store.open(pending(userId === 'ada' ? ('not a pseudonym' as typeof userRef) : userRef));
  }
  await service.resume();
  assert.equal(d.keyring.state(d.keyring.userRef('ben')), 'forgotten');
  assert.deepEqual(await d.store.counts(), { requested: 1, held: 0, forgotten: 1, erased: 0 });
});

function pending(userRef: ReturnType<Deployment['keyring']['userRef']>) {
  return requestedErasure({ erasureId: `erasure-of-${userRef}`, userRef, requestedAt: 1 });
}
