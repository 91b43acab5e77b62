import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LongestTime } from '../../src/master-keys/longest-time.js';

const DAY = 86_400_000;

test('the longer of both clocks counts, step by step', () => {
  const time = new LongestTime({ wall: 1_000_000, monotonic: 50 });
  assert.equal(time.passed({ wall: 1_000_000, monotonic: 50 }), 0);
  assert.equal(time.passed({ wall: 1_000_100, monotonic: 160 }), 110);
  assert.equal(time.passed({ wall: 1_000_000 + DAY, monotonic: 160 }), DAY, 'asleep');
  assert.equal(time.passed({ wall: 1_000_000, monotonic: 160 + 5_000 }), DAY + 5_000, 'set back');
  assert.equal(
    time.passed({ wall: 1_000_000 + DAY, monotonic: 160 + 5_000 }),
    2 * DAY + 5_000,
    'asleep again',
  );
  time.restart({ wall: 5, monotonic: 6_000 });
  assert.equal(time.passed({ wall: 5, monotonic: 6_001 }), 1);
});

test('many looks add up to no more than a few thousandths too much, and it never goes back', () => {
  const time = new LongestTime({ wall: 0, monotonic: 0 });
  let last = 0;
  for (let look = 1; look <= 200_000; look++) {
    const monotonic = look * 0.37;
    // A wall clock in whole ms that trembles.
    const passed = time.passed({ wall: Math.floor(monotonic) + 1 - (look % 3), monotonic });
    assert.ok(passed >= last);
    last = passed;
  }
  const real = 200_000 * 0.37;
  assert.ok(last >= real - 1 && last <= real * 1.003 + 1, `${last} of ${real}`);
});
