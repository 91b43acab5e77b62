import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { Admission } from '../../src/server/admission.js';

/** An admission with limits that a test may change, and what became of whom, in order. */
function start(
  given: Partial<Record<'connections' | 'listener' | 'address' | 'rate' | 'backlog', number>> = {},
) {
  const free = 2_147_483_647;
  const limits = { connections: free, listener: free, address: free, rate: free, ...given };
  const clock = new ManualClock();
  const seen: string[] = [];
  const told: string[] = [];
  const admission = new Admission(
    clock,
    {
      maxConnections: () => limits.connections,
      maxOfListener: () => limits.listener,
      maxOfAddress: () => limits.address,
      maxPerSecond: () => limits.rate,
      windows: { windowMs: 1000, samples: 11 },
      backlog: given.backlog ?? 100,
    },
    (reason) => told.push(reason),
  );
  const apply = (name: string, { address = 'a', isGone = false } = {}): boolean =>
    admission.apply({
      address,
      enter: () => {
        seen.push(isGone ? `${name} gone` : name);
        return !isGone;
      },
      refuse: () => void seen.push(`${name} refused`),
    });
  return { admission, limits, clock, seen, told, apply };
}

test('beyond max.connections they wait in their order until one leaves', () => {
  const { admission, apply, seen, told } = start({ connections: 2 });
  for (const name of ['1', '2', '3', '4']) assert.equal(apply(name), true);
  assert.deepEqual(seen, ['1', '2']);
  admission.leave('a');
  assert.deepEqual(seen, ['1', '2', '3']);
  admission.leave('a');
  assert.deepEqual(seen, ['1', '2', '3', '4']);
  assert.deepEqual(told, ['as many connections as allowed are open']);
  admission.leave('a');
  admission.leave('a');
  assert.equal(admission.open, 0);
});

test('a limit of the listener counts as the broker’s does, whichever is lower', () => {
  const { admission, apply, seen, limits } = start({ listener: 1, connections: 2 });
  apply('1');
  apply('2');
  assert.deepEqual(seen, ['1']);
  limits.listener = 9;
  admission.look();
  apply('3');
  assert.deepEqual(seen, ['1', '2']);
  limits.connections = 3;
  admission.look();
  assert.deepEqual(seen, ['1', '2', '3']);
});

test('a lowered max.connections leaves too many open, that of the listener does not', () => {
  const { admission, apply, limits } = start();
  for (const name of ['1', '2', '3']) apply(name);
  assert.equal(admission.excess, 0);
  limits.listener = 1;
  assert.equal(admission.excess, 0);
  limits.connections = 1;
  assert.equal(admission.excess, 2);
});

test('too many of an address are refused, when their turn comes', () => {
  const { admission, apply, seen } = start({ connections: 2, address: 1 });
  apply('1');
  apply('2');
  apply('3', { address: 'b' });
  apply('4', { address: 'b' });
  assert.deepEqual(seen, ['1', '2 refused', '3']);
  admission.leave('a');
  assert.deepEqual(seen, ['1', '2 refused', '3', '4 refused']);
  assert.equal(admission.open, 1);
});

test('too fast, they come in one after the other as the rate allows, and nobody is refused', () => {
  const { admission, apply, seen, clock, told } = start({ rate: 5 });
  for (let n = 1; n <= 53; n++) apply(String(n));
  assert.equal(seen.length, 50);
  clock.advance(199);
  assert.equal(seen.length, 50);
  clock.advance(1);
  assert.equal(seen.length, 51);
  clock.advance(200);
  assert.equal(seen.length, 52);
  clock.advance(200);
  assert.equal(seen.length, 53);
  assert.deepEqual(seen.slice(50), ['51', '52', '53']);
  assert.deepEqual(told, ['new connections come too fast']);
  admission.close();
  assert.equal(clock.pending, 0);
});

test('a raised rate is in force for the next; who waits for the rate does so to the end', () => {
  const { admission, apply, seen, clock, limits } = start({ rate: 1 });
  for (let n = 1; n <= 14; n++) apply(String(n));
  assert.equal(seen.length, 10);
  limits.rate = 1000;
  admission.look();
  assert.equal(seen.length, 10);
  clock.advance(1000);
  assert.equal(seen.length, 14);
});

test('who waits for the rate must find room too, and one that left does not shorten it', () => {
  const { admission, apply, seen, clock } = start({ rate: 1, connections: 10 });
  for (let n = 1; n <= 11; n++) apply(String(n));
  admission.leave('a');
  assert.equal(seen.length, 10);
  apply('12');
  clock.advance(1000);
  assert.deepEqual(seen.slice(10), ['11']);
  clock.advance(60_000);
  assert.equal(seen.length, 11);
  admission.leave('a');
  assert.equal(seen.at(-1), '12');
});

test('one that is gone when its turn comes takes no place', () => {
  const { admission, apply, seen } = start({ connections: 1 });
  apply('1');
  apply('2', { isGone: true });
  apply('3');
  admission.leave('a');
  assert.deepEqual(seen, ['1', '2 gone', '3']);
  assert.equal(admission.open, 1);
});

test('beyond the backlog nobody is kept, nor after the end', () => {
  const { admission, apply } = start({ connections: 1, backlog: 2 });
  // One is served, one is next, two wait behind it.
  assert.deepEqual(
    ['1', '2', '3', '4', '5'].map((name) => apply(name)),
    [true, true, true, true, false],
  );
  admission.close();
  assert.equal(apply('6'), false);
});
