import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { DelayedQueue } from '../../src/server/delayed-queue.js';

test('a thousand waiters share one timer, and each ends at its time and not before', async () => {
  const clock = new ManualClock();
  const queue = new DelayedQueue(clock);
  const ended: number[] = [];
  const waits = Array.from({ length: 1000 }, (_, index) => {
    const delayMs = 100 + (index % 10) * 100;
    return queue.wait(delayMs, () => () => ended.push(delayMs));
  });
  assert.equal(clock.pending, 1);
  clock.advance(99);
  assert.equal(ended.length, 0);
  clock.advance(6);
  assert.equal(ended.length, 100);
  clock.advance(1000);
  assert.equal(ended.length, 1000);
  await Promise.all(waits);
  assert.equal(clock.pending, 0);
});

test('a waiter that is woken ends once and unsubscribes; one woken while it subscribes does too', async () => {
  const clock = new ManualClock();
  const queue = new DelayedQueue(clock);
  let wake = (): void => assert.fail('not subscribed');
  let undone = 0;
  const wait = queue.wait(1000, (wakeUp) => {
    wake = wakeUp;
    return () => undone++;
  });
  wake();
  wake();
  await wait;
  await queue.wait(1000, (wakeUp) => {
    wakeUp();
    return () => undone++;
  });
  clock.advance(5000);
  assert.equal(undone, 2);
});

test('closing ends every wait and leaves no timer', async () => {
  const clock = new ManualClock();
  const queue = new DelayedQueue(clock);
  const waits = [queue.wait(1000, () => () => undefined), queue.wait(2000, () => () => undefined)];
  queue.close();
  await Promise.all([...waits, queue.wait(9000, () => () => undefined)]);
  assert.equal(clock.pending, 0);
});
