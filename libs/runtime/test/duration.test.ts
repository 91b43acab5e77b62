import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DurationError, formatDuration, parseDuration } from '../src/index.js';

test('reads every unit', () => {
  assert.deepEqual(
    ['500ms', '30s', '5m', '12h', '7d', '0s'].map(parseDuration),
    [500, 30_000, 300_000, 43_200_000, 604_800_000, 0],
  );
});

test('refuses what is no duration, with its code', () => {
  for (const text of ['', '5', 'h', '-1s', '1.5h', '1h30m', '1w', '999999999999999d', '1 h', '0x1s']) {
    assert.throws(
      () => parseDuration(text),
      (error) => error instanceof DurationError && error.code === 'DURATION_INVALID',
      text,
    );
  }
  assert.throws(() => formatDuration(-1), DurationError);
  assert.throws(() => formatDuration(1.5), DurationError);
});

test('formats in the largest exact unit', () => {
  assert.deepEqual([0, 1, 1_000, 90_000, 3_600_000, 86_400_000, 1_001].map(formatDuration), [
    '0ms',
    '1ms',
    '1s',
    '90s',
    '1h',
    '1d',
    '1001ms',
  ]);
});

test('reading what was formatted gives the same', () => {
  fc.assert(fc.property(fc.nat(2 ** 40), (ms) => parseDuration(formatDuration(ms)) === ms));
});
