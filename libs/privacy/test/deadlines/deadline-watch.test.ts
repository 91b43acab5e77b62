import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { ManualClock } from '@oubliette/runtime/testing';
import { DeadlineWatch, standingOf, type DeadlineAlert } from '../../src/deadlines/deadline-watch.js';
import { silentLogger } from '../../src/logger.js';
import { InMemoryErasureStore, requestedErasure } from '../../src/testing/index.js';

const minute = 60_000;
const userRef = '0'.repeat(32) as UserRef;

function stage(boundMs: number | null = 10 * minute) {
  const clock = new ManualClock();
  const store = new InMemoryErasureStore();
  const watch = new DeadlineWatch({
    store,
    clock,
    logger: silentLogger,
    boundMs: () => Promise.resolve(boundMs),
  });
  const alerts: DeadlineAlert[] = [];
  watch.onAlert((alert) => alerts.push(alert));
  const open = (inMs: number) => {
    const requestedAt = clock.now();
    return store.open(
      requestedErasure({ erasureId: 'e-1', userRef, requestedAt, deadline: requestedAt + inMs }),
    );
  };
  const said = () => alerts.map(({ urgency }) => urgency);
  return { clock, store, watch, alerts, open, said };
}

test('a request comes into danger when it can no longer be done in time, then overdue, each told once', async () => {
  const { clock, watch, alerts, open, said } = stage();
  const { deadline } = await open(15 * minute);
  await watch.start();
  await clock.advanceAsync(4 * minute);
  assert.deepEqual(said(), []);
  await clock.advanceAsync(3 * minute);
  assert.deepEqual(alerts, [
    { erasureId: 'e-1', urgency: 'endangered', deadline, actBy: deadline - 10 * minute },
  ]);
  assert.deepEqual(watch.counts(), { endangered: 1, overdue: 0 });
  await clock.advanceAsync(20 * minute);
  assert.deepEqual(said(), ['endangered', 'overdue']);
  assert.deepEqual(watch.counts(), { endangered: 0, overdue: 1 });
  await watch.close();
});

test('a forgotten user whose bytes outstay the bound is in danger; one that is held or erased is not', async () => {
  const { clock, store, watch, open, said } = stage();
  const erasure = await open(1_000 * minute);
  const forgotten = {
    ...erasure,
    revision: 1,
    state: 'forgotten' as const,
    forgottenAt: clock.now(),
    boundMs: 5 * minute,
  };
  await store.advance(forgotten);
  await store.open({ ...erasure, erasureId: 'e-2', lifecycle: 2, state: 'held', deadline: clock.now() });
  await watch.start();
  await clock.advanceAsync(5 * minute);
  assert.deepEqual(said(), []);
  await clock.advanceAsync(2 * minute);
  assert.deepEqual(said(), ['endangered']);
  await store.advance({ ...forgotten, revision: 2, state: 'erased', erasedAt: clock.now() });
  await clock.advanceAsync(minute);
  assert.deepEqual(watch.counts(), { endangered: 0, overdue: 0 });
  await watch.close();
});

test('an erasure that is done was in time or was not: that no longer changes', () => {
  const erasure = requestedErasure({ erasureId: 'e-1', userRef, requestedAt: 0, deadline: 100 * minute });
  const done = (erasedAt: number, boundMs: number | null) => ({
    ...erasure,
    state: 'erased' as const,
    forgottenAt: minute,
    boundMs,
    erasedAt,
  });
  const urgency = (erased: ReturnType<typeof done>) => standingOf(erased, null, 1_000 * minute).urgency;
  assert.equal(urgency(done(2 * minute, 5 * minute)), 'in time');
  assert.equal(
    urgency(done(90 * minute, 5 * minute)),
    'in time',
    'later than the bound, and before the deadline',
  );
  assert.equal(urgency(done(2 * minute, null)), 'in time');
  assert.equal(urgency(done(100 * minute, 5 * minute)), 'overdue');
});

test('where nothing bounds an erasure it is in danger at once; an outage of the ledger changes nothing', async () => {
  const { clock, store, watch, open, said } = stage(null);
  await open(1_000 * minute);
  await watch.start();
  assert.deepEqual(said(), ['endangered']);
  store.fail(new Error('down'));
  await clock.advanceAsync(3 * minute);
  assert.deepEqual(watch.counts(), { endangered: 1, overdue: 0 });
  store.fail(null);
  await clock.advanceAsync(3 * minute);
  assert.deepEqual(said(), ['endangered'], 'told once');
  await watch.close();
});
