import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionRate } from '../../src/server/connection-rate.js';

const windows = { windowMs: 1000, samples: 11 };

test('ten seconds of the rate may come at once; what is beyond waits until the rate over the windows fits', () => {
  const rate = new ConnectionRate(windows);
  for (let n = 0; n < 50; n++) assert.equal(rate.record(0, 5), 0);
  // 51 in 10 s are 5.1 a second: (5.1 - 5) / 5 * 10 s.
  assert.equal(rate.record(0, 5), 200);
  assert.equal(rate.record(200, 5), 200);
});

test('nobody waits longer than one window, also at a rate of none', () => {
  const rate = new ConnectionRate(windows);
  for (let n = 0; n < 200; n++) rate.record(0, 2_147_483_647);
  assert.equal(rate.record(0, 5), 1000);
  assert.equal(new ConnectionRate(windows).record(0, 0), 1000);
});

test('what came before the windows is forgotten', () => {
  const rate = new ConnectionRate(windows);
  for (let n = 0; n < 100; n++) rate.record(0, 2_147_483_647);
  assert.equal(rate.record(10_999, 5), 1000);
  const again = new ConnectionRate(windows);
  for (let n = 0; n < 100; n++) again.record(0, 2_147_483_647);
  assert.equal(again.record(11_000, 5), 0);
});
