import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../clock.js';

/** What every Clock does. `wait` lets `ms` pass on it. */
export function clockContract(make: () => { clock: Clock; wait: (ms: number) => Promise<void> }): void {
  test('tasks run once, in the order of their due times, not before', async () => {
    const { clock, wait } = make();
    const start = clock.monotonic();
    const ran: string[] = [];
    const late: number[] = [];
    const note = (name: string, due: number) => () => {
      ran.push(name);
      late.push(clock.monotonic() - start - due);
    };
    clock.schedule(30, note('c', 30));
    clock.schedule(10, note('a', 10));
    clock.schedule(20, note('b', 20));
    await wait(60);
    assert.deepEqual(ran, ['a', 'b', 'c']);
    assert.ok(
      late.every((by) => by >= 0),
      `ran early: ${late.join()}`,
    );
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
