import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../src/index.js';
import { ManualClock } from '../src/testing/index.js';

test('resolves when the time has passed, not before', async () => {
  const clock = new ManualClock();
  let done = false;
  const sleeping = sleep(clock, 100).then(() => (done = true));
  await clock.advanceAsync(99);
  assert.equal(done, false);
  await clock.advanceAsync(1);
  assert.equal(done, true);
  await sleeping;
});

test('an abort ends it at once with the reason and leaves no timer', async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, 100, abort.signal);
  abort.abort(new Error('closing'));
  await assert.rejects(sleeping, /closing/);
  assert.equal(clock.pending, 0);
  await assert.rejects(sleep(clock, 100, abort.signal), /closing/);
  assert.equal(clock.pending, 0);
});
