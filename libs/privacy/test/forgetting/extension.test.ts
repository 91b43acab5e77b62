import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { DeadlineOptions } from '../../src/index.js';
import { Deployment } from './forgetting-harness.js';

const day = 86_400_000;

async function requested(t: TestContext, deadline?: DeadlineOptions) {
  const d = await Deployment.start();
  t.after(() => d.stop());
  await d.enrol('ada');
  const service = d.service(deadline);
  return { d, service, erasure: await service.request('ada') };
}

test('a deadline is extended once, counted from the request', async (t) => {
  const { service, erasure } = await requested(t);
  const extended = await service.extend(erasure.erasureId, 'many requests');
  assert.equal(new Date(erasure.deadline).toISOString(), '2023-12-15T00:00:00.000Z');
  assert.equal(new Date(extended.deadline).toISOString(), '2024-02-15T00:00:00.000Z');
  assert.equal(extended.extension?.reason, 'many requests');
  assert.deepEqual(await service.find(erasure.erasureId), extended);
  await assert.rejects(service.extend(erasure.erasureId, 'again'), { code: 'DEADLINE_NOT_EXTENDABLE' });
});

test('no extension where the policy has none, the deadline has passed, or there is no such erasure', async (t) => {
  const own = await requested(t, { policy: { law: 'house rule', period: 'P2D' } });
  const refused = { code: 'DEADLINE_NOT_EXTENDABLE' };
  await assert.rejects(own.service.extend(own.erasure.erasureId, 'x'), refused);
  const late = await requested(t, { policy: { law: 'own', period: 'P1D', extension: 'P1D' } });
  late.d.clock.setWall(late.d.clock.now() + 3 * day);
  await assert.rejects(late.service.extend(late.erasure.erasureId, 'x'), refused);
  const done = await requested(t);
  assert.notEqual(await done.d.untilErased(done.erasure.erasureId), null);
  await assert.rejects(done.service.extend(done.erasure.erasureId, 'x'), refused);
  await assert.rejects(late.service.extend('no-such', 'x'), { code: 'ERASURE_MISSING' });
  await assert.rejects(late.service.extend(late.erasure.erasureId, 'a@b.org'), { code: 'REASON_INVALID' });
});
