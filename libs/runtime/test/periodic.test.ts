import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Periodic, type Rhythm } from '../src/index.js';
import { ManualClock } from '../src/testing/index.js';

/** A task that ends when it is told to. */
function world(rhythm: Rhythm, onError?: (error: unknown) => void) {
  const clock = new ManualClock();
  const ends: ((error?: Error) => void)[] = [];
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())));
  const periodic = new Periodic(clock, rhythm, run, onError);
  const end = async (error?: Error): Promise<void> => {
    ends.at(-1)?.(error);
    await new Promise(setImmediate);
  };
  return { clock, periodic, runs: () => ends.length, end };
}

test('runs again so long after the end of the run before, or at a fixed rate from start to start', async () => {
  for (const [fixedRate, waitsMs] of [
    [false, 100],
    [true, 60],
  ] as const) {
    const { clock, runs, end, periodic } = world({ everyMs: 100, firstAfterMs: 10, fixedRate });
    clock.advance(9);
    assert.equal(runs(), 0);
    clock.advance(1);
    assert.equal(runs(), 1);
    clock.advance(40);
    await end();
    clock.advance(waitsMs - 1);
    assert.equal(runs(), 1);
    clock.advance(1);
    assert.equal(runs(), 2);
    await end();
    await periodic.stop();
  }
});

test('never runs twice at a time: who hurries it while it runs has it run once more at once', async () => {
  const { clock, runs, end, periodic } = world({ everyMs: 100 });
  periodic.hurry();
  clock.advance(0);
  assert.equal(runs(), 1);
  periodic.hurry();
  periodic.hurry();
  clock.advance(1_000);
  assert.equal(runs(), 1);
  await end();
  clock.advance(0);
  assert.equal(runs(), 2);
  await end();
  clock.advance(99);
  assert.equal(runs(), 2);
  await periodic.stop();
});

test('tells of what fails, and runs again', async () => {
  const errors: unknown[] = [];
  const { clock, runs, end, periodic } = world({ everyMs: () => 100 }, (error) => errors.push(error));
  clock.advance(100);
  const failure = new Error('no');
  await end(failure);
  assert.deepEqual(errors, [failure]);
  clock.advance(100);
  assert.equal(runs(), 2);
  await end();
  await periodic.stop();
});

test('a stop waits for the run that is under way, and none follows', async () => {
  const { clock, runs, end, periodic } = world({ everyMs: 100 });
  clock.advance(100);
  let isStopped = false;
  const stopped = periodic.stop().then(() => (isStopped = true));
  await new Promise(setImmediate);
  assert.equal(isStopped, false);
  await end();
  await stopped;
  periodic.hurry();
  clock.advance(1_000);
  assert.equal(runs(), 1);
});
