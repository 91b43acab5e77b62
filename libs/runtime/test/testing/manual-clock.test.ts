import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockContract, ManualClock } from '../../src/testing/index.js';

clockContract(() => {
  const clock = new ManualClock();
  return { clock, wait: (ms) => clock.advanceAsync(ms) };
});

test('a task that schedules another is followed within one advance, each at its own time', () => {
  const clock = new ManualClock(1_000);
  const seen: number[] = [];
  const tick = (): void => {
    seen.push(clock.now());
    if (seen.length < 3) clock.schedule(10, tick);
  };
  clock.schedule(10, tick);
  clock.advance(100);
  assert.deepEqual(seen, [1_010, 1_020, 1_030]);
  assert.equal(clock.now(), 1_100);
});

test('setWall moves the wall clock alone', () => {
  const clock = new ManualClock(1_000);
  let ran = false;
  clock.schedule(10, () => (ran = true));
  clock.setWall(1_000_000);
  assert.deepEqual([clock.now(), clock.monotonic(), ran], [1_000_000, 0, false]);
  clock.setWall(5);
  clock.advance(10);
  assert.deepEqual([clock.now(), clock.monotonic(), ran], [15, 10, true]);
});
