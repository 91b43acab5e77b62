import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { Turns } from '../../src/server/turns.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what fits into the share of a turn is served at once; the rest in later turns, in its order', async () => {
  const clock = new ManualClock();
  const turns = new Turns(clock);
  const served: number[] = [];
  const work = (index: number, ms: number) => (): void => {
    served.push(index);
    clock.advance(ms);
  };
  const isServed = [2, 2, 2, 2, 2, 2, 2].map((ms, index) => turns.run(work(index, ms)));
  assert.deepEqual(isServed, [true, true, true, false, false, false, false]);
  await nextTurn();
  assert.deepEqual(served, [0, 1, 2, 3, 4, 5]);
  assert.equal(turns.run(work(7, 1)), false, 'nobody overtakes who waits');
  await nextTurn();
  assert.deepEqual(served, [0, 1, 2, 3, 4, 5, 6, 7]);
  await nextTurn();
  assert.equal(turns.run(work(8, 1)), true);
});

test('between two shares everybody else gets a turn', async () => {
  const clock = new ManualClock();
  const turns = new Turns(clock);
  const seen: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    turns.run(() => {
      seen.push(name);
      clock.advance(20);
    });
  }
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    seen.push('other');
  }
  assert.deepEqual(seen, ['a', 'b', 'other', 'c', 'other', 'other']);
});
