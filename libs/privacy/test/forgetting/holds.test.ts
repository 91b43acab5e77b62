import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Deployment } from './forgetting-harness.js';

async function deployment(t: TestContext): Promise<Deployment> {
  const started = await Deployment.start();
  t.after(() => started.stop());
  await started.enrol('ada', 'ben');
  return started;
}

test('while a hold stands forgetting waits and says why; lifting it forgets', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  const hold = await service.hold('ada', 'Art. 17(3)(e), case 12');
  const erasure = await service.request('ada');
  assert.equal(erasure.state, 'held');
  assert.deepEqual(erasure.hold, hold);
  assert.equal(erasure.note, 'held: Art. 17(3)(e), case 12');
  await d.clock.advanceAsync(60_000);
  assert.ok(d.holds('ada'));
  assert.equal((await service.request('ada')).erasureId, erasure.erasureId, 'again: the same');
  assert.equal(await service.liftHold('ada', 'case 12 closed'), true);
  const lifted = await d.erasure(erasure.erasureId);
  assert.equal(lifted.state, 'forgotten');
  assert.deepEqual(lifted.hold, { ...hold, liftedAt: d.clock.now() });
  assert.notEqual(await d.untilErased(erasure.erasureId), null);
  assert.ok(!d.holds('ada'));
  const trail = (await d.stores.log.list(10)).map(({ kind, reason }) => `${kind}: ${reason}`);
  assert.deepEqual(trail, ['hold-lifted: case 12 closed', 'held: Art. 17(3)(e), case 12']);
});

test('while settings cannot be read, what is held stands to its deadline by the bound that was read before', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  await service.resume();
  await service.hold('ada', 'a-ticket');
  const erasure = await service.request('ada');
  const before = await service.standing(erasure);
  assert.ok(before.actBy !== null);
  d.topic.settings = () => Promise.reject(new Error('away'));
  await d.clock.advanceAsync(120_000);
  assert.deepEqual(await service.standing(erasure), before);
});

test('a hold holds its user alone, also in a request for many', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  await service.hold('ada', 'a-ticket');
  const erasures = await service.requestMany(['ada', 'ben']);
  assert.deepEqual(
    erasures.map((erasure) => erasure?.state),
    ['held', 'forgotten'],
  );
  assert.equal(d.keyring.state(d.keyring.userRef('ada')), 'active');
});

test('a hold survives a restart, and one that was lifted while nobody drove on is driven on', async (t) => {
  const d = await deployment(t);
  const first = d.service();
  await first.hold('ada', 'a-ticket');
  const { erasureId } = await first.request('ada');
  await first.close();
  const second = d.service();
  await second.resume();
  assert.equal((await d.erasure(erasureId)).state, 'held');
  await second.close();
  const userRef = d.keyring.userRef('ada');
  await d.stores.log.append({ at: 1, kind: 'hold-lifted', userRef, reason: 'b', erasureId: null });
  await d.service().resume();
  assert.equal((await d.erasure(erasureId)).state, 'forgotten');
});

test('a user is never said to have been forgotten while a hold stood, also where a crash came in between', async (t) => {
  const d = await deployment(t);
  const first = d.service();
  await first.hold('ada', 'a-ticket');
  const { erasureId } = await first.request('ada');
  await first.close();
  const userRef = d.keyring.userRef('ada');
  await d.stores.log.append({ at: 1, kind: 'hold-lifted', userRef, reason: 'b', erasureId: null });
  await d.keyring.forgetMany([userRef]);
  await d.clock.advanceAsync(60_000);
  await d.service().resume();
  const { hold, forgottenAt } = await d.erasure(erasureId);
  assert.ok(forgottenAt !== null);
  assert.equal(hold?.liftedAt, forgottenAt);
});

test('a hold is placed once for a reason, not on a forgotten user, and lifting none is no act', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  const hold = await service.hold('ada', 'a-ticket');
  await d.clock.advanceAsync(5);
  assert.deepEqual(await service.hold('ada', 'a-ticket'), hold);
  assert.equal((await d.stores.log.list(10)).length, 1);
  assert.equal(await service.liftHold('ben', 'none stood'), false);
  assert.equal((await d.stores.log.list(10)).length, 1);
  await service.request('ben');
  await assert.rejects(service.hold('ben', 'a-ticket'), { code: 'USER_FORGOTTEN' });
  await assert.rejects(service.hold('nobody', 'a-ticket'), { code: 'USER_UNKNOWN' });
  await assert.rejects(service.hold('ada', 'asked by ada@example.org'), { code: 'REASON_INVALID' });
  await d.enrol('ada-l');
  for (const reason of ['', 'settled with ADA-L'])
    await assert.rejects(service.liftHold('ada-l', reason), { code: 'REASON_INVALID' });
});
