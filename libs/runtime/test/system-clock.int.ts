import { setTimeout as pause } from 'node:timers/promises';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../src/index.js';
import { clockContract } from '../src/testing/index.js';

clockContract(() => ({ clock: new SystemClock(), wait: (ms) => pause(ms + 40).then(() => undefined) }));

test('a delay beyond the limit of Node timers does not fire at once', async () => {
  const clock = new SystemClock();
  let ran = false;
  const timer = clock.schedule(2 ** 32, () => (ran = true));
  await pause(20);
  timer.cancel();
  assert.equal(ran, false);
});

test('a task without delay runs when the event loop has come round, not a millisecond later; of several, one in each turn', async () => {
  const clock = new SystemClock();
  const order: string[] = [];
  clock.schedule(0, () => order.push('dropped')).cancel();
  clock.schedule(0, () => order.push('first'));
  clock.schedule(0, () => order.push('second'));
  order.push('caller');
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await turn();
  assert.deepEqual(order, ['caller', 'first']);
  await turn();
  assert.deepEqual(order, ['caller', 'first', 'second']);
});
