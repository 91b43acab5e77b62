import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { Pace } from '../../../src/log/cleaner/pace.js';

test('log.cleaner.io.max.bytes.per.second: what is ahead of the rate waits until the rate has caught up', async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, 10_000);
  const started = clock.monotonic();
  let moved = 0;
  const work = (async () => {
    for (; moved < 50_000; moved += 1_000) await pace.moved(1_000);
  })();
  await clock.advanceAsync(1_000);
  assert.ok(moved >= 9_000 && moved <= 13_000, `${moved} bytes after a second`);
  while (moved < 50_000) await clock.advanceAsync(100);
  await work;
  const elapsed = clock.monotonic() - started;
  assert.ok(elapsed >= 4_700 && elapsed <= 5_200, `${elapsed} ms`);
});

test('without a bound nothing waits but for its turn', async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, Infinity);
  for (let index = 0; index < 100; index++) await pace.moved(1_000_000);
  assert.equal(clock.pending, 0);
});
