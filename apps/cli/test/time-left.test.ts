import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeLeft } from '../src/time-left.js';

test('what is left is said in whole days, below two days in hours and minutes, and what is over too', () => {
  const minute = 60_000;
  const day = 24 * 60 * minute;
  for (const [deadline, said] of [
    [29 * day + 5 * minute, '29 d left'],
    [2 * day, '2 d left'],
    [2 * day - 1, '1 d 23 h 59 min left'],
    [5 * minute, '5 min left'],
    [minute - 1, 'less than a minute left'],
    // The first moment at which it is overdue.
    [0, 'overdue by less than a minute'],
    [-90 * minute, 'overdue by 1 h 30 min'],
    [-3 * day - 1, 'overdue by 3 d'],
  ] as const)
    assert.equal(timeLeft(1_800_000_000_000 + deadline, 1_800_000_000_000), said);
});
