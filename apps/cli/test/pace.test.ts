import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { Pace } from '../src/pace.js';

test('rate and remaining time, counted from what was heard first', () => {
  const clock = new ManualClock();
  const pace = new Pace(clock);
  // Half was done by an earlier run, in no time of this one.
  assert.equal(pace.heard(0.5, 50_000), '');
  clock.advance(2_000);
  assert.equal(pace.heard(0.5, 50_000), '');
  assert.equal(pace.heard(0.6, 60_000), '5,000/s, 0:08 left');
  clock.advance(8_000);
  assert.equal(pace.heard(1, 100_000), '5,000/s');
});

test('remaining time is told in minutes, and from an hour on in hours', () => {
  const clock = new ManualClock();
  const pace = new Pace(clock);
  pace.heard(0, 0);
  clock.advance(1_000);
  assert.equal(pace.heard(0.01, 12), '12/s, 1:39 left');
  assert.equal(pace.heard(0.000_1, 12), '12/s, 2:46:39 left');
});
