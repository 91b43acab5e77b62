import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { SerialLock } from '../src/serial-lock.js';

describe('SerialLock', () => {
  it('lets one in at a time, first come, first served', async () => {
    const lock = new SerialLock({ clock: new ManualClock() });
    const steps: string[] = [];
    const work = (name: string) =>
      lock.run(async () => {
        steps.push(`${name} in`);
        await Promise.resolve();
        steps.push(`${name} out`);
      });
    await Promise.all(['a', 'b', 'c'].map(work));
    assert.deepEqual(steps, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('lets nobody slip in between a release and the next in line', async () => {
    const lock = new SerialLock({ clock: new ManualClock() });
    const release = await lock.acquire();
    const order: string[] = [];
    const second = lock.run(async () => void order.push('second'));
    release();
    const third = lock.run(async () => void order.push('third'));
    await Promise.all([second, third]);
    assert.deepEqual(order, ['second', 'third']);
  });

  it('goes on after work that rejects, and a second release changes nothing', async () => {
    const lock = new SerialLock({ clock: new ManualClock() });
    await assert.rejects(
      lock.run(() => Promise.reject(new Error('no'))),
      /no/,
    );
    const first = await lock.acquire();
    first();
    const second = await lock.acquire();
    first();
    let third = false;
    const waiting = lock.run(async () => void (third = true));
    await Promise.resolve();
    assert.equal(third, false);
    second();
    await waiting;
  });

  it('gives up waiting after its bound, and leaves no timer behind', async () => {
    const clock = new ManualClock();
    const lock = new SerialLock({ clock, waitMs: 1000 });
    const release = await lock.acquire();
    const late = assert.rejects(lock.acquire(), { code: 'LOCK_TIMEOUT', retriable: true });
    await clock.advanceAsync(1000);
    await late;
    assert.equal(lock.waiting, 0);
    release();
    (await lock.acquire())();
    assert.equal(clock.pending, 0);
  });

  it('bounds its queue', async () => {
    const lock = new SerialLock({ clock: new ManualClock(), queueLimit: 1 });
    const release = await lock.acquire();
    const waiting = lock.acquire();
    await assert.rejects(lock.acquire(), { code: 'LOCK_QUEUE_FULL' });
    release();
    (await waiting)();
  });
});
