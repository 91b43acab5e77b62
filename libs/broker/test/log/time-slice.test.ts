import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock, type Timer } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { TimeSlice } from '../../src/log/time-slice.js';

const sliceMs = 5;
/** Time stands still on it, but who rests waits for the machine's event loop. */
class TurningClock extends ManualClock {
  readonly #system = new SystemClock();

  override schedule(delayMs: number, run: () => void): Timer {
    return delayMs <= 0 ? this.#system.schedule(delayMs, run) : super.schedule(delayMs, run);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Works off so many pieces of 1 ms each for each of some requests; returns, of each turn of the event loop, the pieces done in it. */
async function turnsOf(requests: number, pieces: number): Promise<string[]> {
  const clock = new TurningClock();
  const turns: string[] = [];
  let done = '';
  const items = Array.from({ length: pieces }, (_, index) => index);
  const all = Array.from({ length: requests }, (_, request) =>
    new TimeSlice(clock).map(items, () => {
      done += request;
      clock.advance(1);
    }),
  );
  let isOver = false;
  void Promise.all(all).then(() => (isOver = true));
  turns.push(done);
  done = '';
  while (!isOver) {
    await nextTurn();
    turns.push(done);
    done = '';
  }
  return turns.filter((turn) => turn !== '');
}

test('long work rests after each slice of time', async () => {
  assert.deepEqual(await turnsOf(1, 12), ['00000', '00000', '00']);
});

test('of many long requests one goes on in each turn, those who rested first', async () => {
  const [first, ...later] = await turnsOf(5, 20);
  assert.ok(first !== undefined);
  for (const turn of later) assert.equal(new Set(turn).size, 1, `one request a turn, not ${turn}`);
  for (const turn of later) assert.ok(turn.length <= sliceMs, `a slice, not ${turn}`);
  const order = later.map(([request]) => request).slice(0, 5);
  assert.deepEqual(order, ['0', '1', '2', '3', '4']);
});

test('steps are done in slices, and what they throw rejects', async () => {
  const clock = new TurningClock();
  let turns = 0;
  let isOver = false;
  function* steps(): Generator<void, string, undefined> {
    for (let index = 0; index < 30; index++) {
      clock.advance(1);
      yield;
    }
    return 'done';
  }
  const result = new TimeSlice(clock).run(steps()).finally(() => (isOver = true));
  for (; !isOver; turns++) await nextTurn();
  assert.equal(await result, 'done');
  assert.ok(turns >= 6, `${turns} turns for six slices`);
  function* failing(): Generator<void, void, undefined> {
    throw new Error('wrong');
  }
  await assert.rejects(new TimeSlice(clock).run(failing()), /wrong/);
});

test('what is stored together is begun together, in bounded numbers, and answered in order', async () => {
  let underWay = 0;
  let most = 0;
  const items = Array.from({ length: 1_300 }, (_, index) => index);
  const answers = await new TimeSlice(new TurningClock()).mapTogether(items, async (item) => {
    most = Math.max(most, ++underWay);
    await Promise.resolve();
    underWay--;
    return item;
  });
  assert.deepEqual(answers, items);
  assert.equal(most, 200);
});
