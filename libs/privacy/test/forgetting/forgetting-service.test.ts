import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { erasureBoundMs } from '../../src/index.js';
import { requestedErasure, type SimulatedSettings } from '../../src/testing/index.js';
import { Deployment } from './forgetting-harness.js';

async function deployment(t: TestContext, settings: Partial<SimulatedSettings> = {}): Promise<Deployment> {
  const started = await Deployment.start(settings);
  t.after(() => started.stop());
  await started.enrol('ada', 'ben');
  return started;
}

const withCode = (code: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === code;

test('forgetting is recorded as forgotten at once and as erased when no file holds the key any more', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  const erasure = await service.request('ada');
  assert.equal(erasure.state, 'forgotten');
  assert.equal(erasure.forgottenAt, d.clock.now());
  // The clock begins on 14 November 2023 at 22:13 UTC: the last day of the month is 14 December, to its end.
  assert.equal(new Date(erasure.deadline).toISOString(), '2023-12-15T00:00:00.000Z');
  assert.equal(erasure.law, 'GDPR Art. 12(3)');
  assert.equal(d.keyring.state(d.keyring.userRef('ada')), 'forgotten');
  assert.ok(d.holds('ada'));
  const took = await d.untilErased(erasure.erasureId);
  assert.ok(
    took !== null && erasure.boundMs !== null && took <= erasure.boundMs,
    `${took} of ${erasure.boundMs} ms`,
  );
  assert.ok(!d.holds('ada'));
  assert.ok(d.holds('ben'));
  const ended = await d.erasure(erasure.erasureId);
  assert.equal(ended.erasedAt, d.clock.now());
  assert.deepEqual([d.topic.calls.scans, d.topic.calls.nudges], [1, 1]);
});

test('no nudge goes out before the segment may roll', async (t) => {
  const d = await deployment(t);
  await d.service().request('ada');
  await d.clock.advanceAsync(2_000);
  assert.equal(d.topic.calls.nudges, 0);
  await d.clock.advanceAsync(100);
  assert.equal(d.topic.calls.nudges, 1);
});

test('a partition is read once however many users wait in it', async (t) => {
  const d = await Deployment.start({}, 1);
  t.after(() => d.stop());
  const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  await d.enrol(...users);
  const service = d.service();
  const erasures = await Promise.all(users.map((userId) => service.request(userId)));
  for (const { erasureId } of erasures) assert.notEqual(await d.untilErased(erasureId), null);
  assert.deepEqual([d.topic.calls.scans, d.topic.calls.nudges], [1, 1]);
  for (const userId of users) assert.ok(!d.holds(userId));
});

test('asking again gives the same erasure, at once and later and at the same time', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  const asked = await Promise.all([1, 2, 3, 4].map(() => service.request('ada')));
  const [first] = asked;
  assert.ok(first);
  assert.equal(new Set(asked.map(({ erasureId }) => erasureId)).size, 1);
  await d.untilErased(first.erasureId);
  const later = await service.request('ada');
  assert.equal(later.erasureId, first.erasureId);
  assert.equal(later.state, 'erased');
  const restarted = await d.service().request('ada');
  assert.equal(restarted.erasureId, first.erasureId);
});

test('somebody who never had a key is unknown, and leaves no trace in the ledger', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  await assert.rejects(service.request('nobody'), withCode('USER_UNKNOWN'));
  await assert.rejects(service.request(''), withCode('USER_ID_INVALID'));
  assert.deepEqual(await d.store.pending(9), []);
});

test('a user who begins a new lifecycle keeps the new key, and can be forgotten again', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  const first = await service.request('ada');
  const userRef = d.keyring.userRef('ada');
  await d.keyring.beginLifecycle(userRef);
  assert.notEqual(await d.untilErased(first.erasureId), null);
  assert.equal(d.keyring.state(userRef), 'active');
  assert.ok(d.holds('ada'));
  const second = await service.request('ada');
  assert.notEqual(second.erasureId, first.erasureId);
  assert.equal(second.lifecycle, 2);
  assert.notEqual(await d.untilErased(second.erasureId), null);
  assert.ok(!d.holds('ada'));
});

test('a key record that lands after the fence is tombstoned, and the wait begins again', async (t) => {
  const d = await deployment(t);
  const userRef = d.keyring.userRef('ada');
  const partition = d.keyring.partitionOf(userRef);
  const minted = d.topic.records(partition).find(({ key }) => key.startsWith(`${userRef}#`));
  assert.ok(minted);
  const erasure = await d.service().request('ada');
  await d.clock.advanceAsync(1_900);
  d.topic.appendRecords(partition, [{ key: Buffer.from(minted.key), value: minted.value }]);
  await d.clock.advanceAsync(2_000);
  assert.notEqual((await d.erasure(erasure.erasureId)).state, 'erased');
  assert.notEqual(await d.untilErased(erasure.erasureId, 5_000), null);
  assert.ok(!d.holds('ada'));
  assert.deepEqual([d.topic.calls.scans, d.topic.calls.nudges], [2, 2]);
});

test('a key record that lands after everything is erased is found and erased too', async (t) => {
  const d = await deployment(t);
  const userRef = d.keyring.userRef('ada');
  const partition = d.keyring.partitionOf(userRef);
  const minted = d.topic.records(partition).find(({ key }) => key.startsWith(`${userRef}#`));
  assert.ok(minted);
  const erasure = await d.service().request('ada');
  await d.untilErased(erasure.erasureId);
  d.topic.appendRecords(partition, [{ key: Buffer.from(minted.key), value: minted.value }]);
  assert.ok(d.holds('ada'));
  await d.clock.advanceAsync(60_000);
  assert.ok(!d.holds('ada'));
  assert.equal((await d.erasure(erasure.erasureId)).state, 'erased');
});

test('what a crash left requested or forgotten is driven on by resume', async (t) => {
  const d = await deployment(t);
  const userRef = d.keyring.userRef('ada');
  const requestedAt = d.clock.now();
  const requested = requestedErasure({ erasureId: 'e-1', userRef, requestedAt });
  await d.store.open(requested);
  const forgottenBefore = await d.keyring.forget(d.keyring.userRef('ben'));
  await d.store.open({
    ...requested,
    erasureId: 'e-2',
    userRef: d.keyring.userRef('ben'),
    state: 'forgotten',
    forgottenAt: forgottenBefore.erasedAt,
  });
  await d.clock.advanceAsync(10_000);
  assert.ok(d.holds('ada') && d.holds('ben'));
  await d.service().resume();
  assert.equal((await d.erasure('e-1')).state, 'forgotten');
  assert.notEqual(await d.untilErased('e-1'), null);
  assert.notEqual(await d.untilErased('e-2'), null);
  assert.ok(!d.holds('ada') && !d.holds('ben'));
});

test('a service that is closed half-way leaves the rest to the next one', async (t) => {
  const d = await deployment(t);
  const first = d.service();
  const { erasureId } = await first.request('ada');
  await d.clock.advanceAsync(2_100);
  await first.close();
  await assert.rejects(first.request('ben'), withCode('FORGETTING_CLOSED'));
  await d.clock.advanceAsync(60_000);
  assert.equal((await d.erasure(erasureId)).state, 'forgotten');
  const { nudges } = d.topic.calls;
  await d.service().resume();
  const took = await d.untilErased(erasureId);
  assert.ok(took !== null && took <= 1_300, `${took} ms: its segment may roll long since, no second wait`);
  assert.equal(d.topic.calls.nudges, nudges, 'an append after its roll stands in the log already');
});

test('while the key topic is away a request stands in the ledger and is carried out afterwards', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  d.topic.fail(new Error('connection lost'));
  await assert.rejects(service.request('ada'));
  const [standing] = await d.store.pending(9);
  assert.equal(standing?.state, 'requested');
  await d.clock.advanceAsync(20_000);
  assert.equal((await d.store.pending(9))[0]?.state, 'requested');
  d.topic.fail(null);
  assert.notEqual(await d.untilErased(standing.erasureId), null);
  assert.ok(!d.holds('ada'));
});

test('an outage of the key topic or of the ledger while erasing delays it and loses nothing', async (t) => {
  const d = await deployment(t);
  const { erasureId } = await d.service().request('ada');
  d.topic.fail(new Error('connection lost'));
  await d.clock.advanceAsync(30_000);
  d.topic.fail(null);
  d.store.fail(new Error('database lost'));
  await d.clock.advanceAsync(60_000);
  d.store.fail(null);
  assert.equal((await d.erasure(erasureId)).state, 'forgotten');
  assert.notEqual(await d.untilErased(erasureId), null);
  assert.ok(d.logged.length > 0);
  assert.ok(d.logged.length < 60, `${d.logged.length} lines in a minute and a half of outage`);
});

test('no log line carries an id or a pseudonym', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  d.topic.fail(new Error('connection lost to ada'));
  await assert.rejects(service.request('ada'));
  await d.clock.advanceAsync(5_000);
  d.topic.fail(null);
  await d.clock.advanceAsync(20_000);
  const said = d.logged.join('\n');
  assert.notEqual(said, '');
  assert.ok(!said.includes('ada') && !said.includes(d.keyring.userRef('ada')));
});

test('the deadline and the bound stand in the ledger', async (t) => {
  const d = await deployment(t);
  const policy = { law: 'house rule', period: 'PT72H' };
  const erasure = await d.service({ policy }).request('ada');
  // The hour of the request does not count.
  const hour = 3_600_000;
  assert.equal(erasure.deadline, Math.floor(erasure.requestedAt / hour) * hour + 73 * hour);
  assert.equal(erasure.law, 'house rule');
  assert.deepEqual(erasure.keys, {
    partition: d.keyring.partitionOf(erasure.userRef),
    fingerprints: d.keyring.fence(erasure.userRef)?.fingerprints,
  });
  assert.equal(erasure.boundMs, erasureBoundMs(await d.topic.settings()));
});

test('forgetting many users reads the settings once', async (t) => {
  const d = await deployment(t);
  const service = d.service();
  d.topic.calls.settings = 0;
  await Promise.all([service.request('ada'), service.request('ben')]);
  await service.request('ada');
  // Once for the bound, and once for each of the two partitions that the nudger now looks after.
  assert.ok(d.topic.calls.settings <= 3, `${d.topic.calls.settings} reads`);
});

test('the settings are read when the service starts: the first request need not wait for them', async (t) => {
  const d = await deployment(t);
  d.topic.calls.settings = 0;
  await d.service().resume();
  assert.equal(d.topic.calls.settings, 1);
});

test('settings that bound nothing are said in the ledger', async (t) => {
  const never = { minCleanableDirtyRatio: 0.5, maxCompactionLagMs: Number.MAX_VALUE };
  const d = await deployment(t, never);
  const erasure = await d.service().request('ada');
  assert.equal(erasure.boundMs, null);
  assert.match(erasure.note ?? '', /no bound/);
});

test('a closed service leaves no timer behind', async () => {
  const d = await Deployment.start();
  await d.enrol('ada');
  const service = d.service();
  await service.request('ada');
  await d.clock.advanceAsync(2_060);
  await service.close();
  d.topic.close();
  // It has timers of its own.
  await d.keyring.close();
  assert.equal(d.clock.pending, 0);
});

test('whatever the settings: never erased while a file holds the key, and always within the bound', async () => {
  const settings = fc.record({
    segmentMs: fc.integer({ min: 50, max: 8_000 }),
    maxCompactionLagMs: fc.integer({ min: 50, max: 8_000 }),
    deleteRetentionMs: fc.integer({ min: 0, max: 20_000 }),
    fileDeleteDelayMs: fc.integer({ min: 0, max: 4_000 }),
    cleanerBackoffMs: fc.integer({ min: 10, max: 1_500 }),
    minCleanableDirtyRatio: fc.constantFrom(0, 0.5, 1),
  });
  const pauses = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(settings, pauses, async (chosen, between) => {
      const d = await Deployment.start(chosen, 1);
      try {
        const users = between.map((_, index) => `user-${index}`);
        await d.enrol(...users);
        const service = d.service();
        for (const [index, pause] of between.entries()) {
          await d.clock.advanceAsync(pause);
          await service.request(`user-${index}`);
        }
        for (const userId of users) {
          const { erasureId, forgottenAt, boundMs } = await service.request(userId);
          assert.notEqual(await d.untilErased(erasureId), null);
          assert.ok(!d.holds(userId));
          const { erasedAt } = await d.erasure(erasureId);
          assert.ok(erasedAt !== null && forgottenAt !== null && boundMs !== null);
          assert.ok(erasedAt - forgottenAt <= boundMs, `${erasedAt - forgottenAt} of ${boundMs} ms`);
        }
      } finally {
        await d.stop();
      }
    }),
    { numRuns: 25 },
  );
});
