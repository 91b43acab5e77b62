import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { inOrderOfDue } from '../../src/deadlines/due-order.js';
import type { Erasure } from '../../src/ports.js';
import { requestedErasure } from '../../src/testing/index.js';

const hour = 3_600_000;
const day = 24 * hour;
const now = 100 * day;
const userRef = '0'.repeat(32) as UserRef;

function erasure(erasureId: string, inMs: number, more: Partial<Erasure> = {}): Erasure {
  const requested = requestedErasure({ erasureId, userRef, requestedAt: 0, deadline: now + inMs });
  return { ...requested, ...more };
}

// Its bytes should be gone for an hour.
const stuck = { state: 'forgotten', forgottenAt: now - 2 * hour, boundMs: hour } as const;
const open = [
  erasure('later', 20 * day),
  erasure('soon', 3 * day),
  erasure('at-the-limit', 7 * day),
  erasure('stuck', 25 * day, stuck),
  erasure('too-late-to-act', hour / 2),
  erasure('overdue', -day),
  erasure('long-overdue', -9 * day, { state: 'held' }),
];
const ids = (erasures: readonly Erasure[]) => erasures.map(({ erasureId }) => erasureId);
const urgent = ['long-overdue', 'overdue', 'too-late-to-act', 'stuck'];

test('what is overdue comes first, then what is endangered, then the others, each by deadline', () => {
  const inOrder = inOrderOfDue(open, { boundMs: hour, now });
  assert.deepEqual(ids(inOrder), [...urgent, 'soon', 'at-the-limit', 'later']);
});

test('within a time only what is due by then is listed beside what is overdue or endangered', () => {
  const near = inOrderOfDue(open, { boundMs: hour, now, withinMs: 7 * day });
  assert.deepEqual(ids(near), [...urgent, 'soon', 'at-the-limit']);
  const today = inOrderOfDue(open, { boundMs: hour, now, withinMs: 0 });
  assert.deepEqual(ids(today), urgent);
});

test('of one deadline the earlier request comes first, then the lower id', () => {
  const same = [erasure('b', day), erasure('a', day), erasure('c', day, { requestedAt: -1 })];
  assert.deepEqual(ids(inOrderOfDue(same, { boundMs: hour, now })), ['c', 'a', 'b']);
});
