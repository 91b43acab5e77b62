import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../clock.js';

/** What every Clock does. `wait` lets `ms` pass on it. */
export function clockContract(make: () => { clock: Clock; wait: (ms: number) => Promise<void> }): void {
  test('tasks run once, in the order of their due times, not before', async () => {
    const { clock, wait } = make();
    const ran: { name: string; at: number; from: number; to: number }[] = [];
    for (const [name, delayMs] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
    ] as const) {
      // The machine may hold the process up between two calls: when a task is due is known within this span.
      const task = { name, at: 0, from: clock.monotonic() + delayMs, to: 0 };
      clock.schedule(delayMs, () => ran.push({ ...task, at: clock.monotonic() }));
      task.to = clock.monotonic() + delayMs;
    }
    await wait(60);
    assert.deepEqual(ran.map(({ name }) => name).sort(), ['a', 'b', 'c']);
    for (const [index, { at, from }] of ran.entries()) {
      assert.ok(at >= from, `ran ${from - at} ms early`);
      for (const later of ran.slice(index + 1))
        assert.ok(from <= later.to, 'ran before one that was due earlier');
    }
  });

  test('a cancelled task does not run, cancelling late is harmless', async () => {
    const { clock, wait } = make();
    let ran = 0;
    const timer = clock.schedule(5, () => ran++);
    clock.schedule(10, () => ran++).cancel();
    await wait(30);
    timer.cancel();
    assert.equal(ran, 1);
  });

  test('a task never runs inside schedule', async () => {
    const { clock, wait } = make();
    let ran = false;
    clock.schedule(0, () => (ran = true));
    assert.equal(ran, false);
    await wait(5);
    assert.equal(ran, true);
  });

  test('both times count milliseconds and advance together', async () => {
    const { clock, wait } = make();
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    await wait(50);
    assert.ok(clock.monotonic() - monotonic >= 49);
    assert.ok(clock.now() - wall >= 48);
    assert.ok(clock.now() > 1_500_000_000_000, 'ms since 1970, not seconds');
  });
}
