import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spellDuration } from '../../src/index.js';

test('durations are spelt for people', () => {
  assert.equal(spellDuration(39_240_000), '10 h 54 min');
  assert.equal(spellDuration(1_213_560_000), '14 d 1 h 6 min');
  assert.equal(spellDuration(1), '1 ms');
  assert.equal(spellDuration(0), '0 ms');
  assert.equal(spellDuration(61_001), '1 min 1 s 1 ms');
  assert.equal(spellDuration(Number.POSITIVE_INFINITY), 'unbounded');
});
