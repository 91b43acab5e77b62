import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker } from '../../src/master-keys/resilience/circuit-breaker.js';

test('a breaker opens after failures in a row, rests, lets one try, and closes when that one succeeds', () => {
  const breaker = new CircuitBreaker({ failures: 3, restMs: 100 });
  for (const now of [0, 1]) {
    assert.equal(breaker.enter(now), 0);
    breaker.failed(now);
  }
  breaker.succeeded();
  for (const now of [2, 3, 4]) {
    assert.equal(breaker.enter(now), 0, 'a success in between starts the count again');
    breaker.failed(now);
  }
  assert.equal(breaker.enter(4), 100);
  assert.equal(breaker.enter(103.5), 0.5);
  assert.equal(breaker.enter(104), 0, 'one may try');
  assert.equal(breaker.enter(104), 100, 'and nobody beside it');
  breaker.failed(110);
  assert.equal(breaker.enter(150), 60, 'one failure is enough to rest again');
  assert.equal(breaker.enter(210), 0);
  breaker.succeeded();
  for (const now of [211, 212]) {
    assert.equal(breaker.enter(now), 0);
    breaker.failed(now);
  }
  assert.equal(breaker.enter(213), 0, 'closed again: the count began anew');
});

test('one that tried and never told how it ended does not keep the breaker open for ever', () => {
  const breaker = new CircuitBreaker({ failures: 1, restMs: 100 });
  breaker.failed(0);
  assert.equal(breaker.enter(100), 0);
  assert.equal(breaker.enter(199), 1);
  assert.equal(breaker.enter(200), 0);
});
