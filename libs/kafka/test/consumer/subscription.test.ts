import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayChange, resolveSubscription } from '../../src/consumer/subscription.js';

test('names and expressions resolve to existing topics, each once, sorted', () => {
  const existing = ['orders.b', 'orders.a', 'people'];
  assert.deepEqual(resolveSubscription(['people', /^orders\./, 'orders.a', 'gone'], existing), {
    topics: ['orders.a', 'orders.b', 'people'],
    missing: ['gone'],
  });
});

test("no expression matches Kafka's own topics; a name may", () => {
  assert.deepEqual(resolveSubscription([/.*/], ['__consumer_offsets', 'a']).topics, ['a']);
  assert.deepEqual(resolveSubscription(['__consumer_offsets'], ['__consumer_offsets']).topics, [
    '__consumer_offsets',
  ]);
});

test('the flags g and y do not make every second match fail', () => {
  for (const expression of [/^t/g, /t/y])
    assert.deepEqual(resolveSubscription([expression], ['t1', 't2', 't3']).topics, ['t1', 't2', 't3']);
});

test('only expressions and missing names are watched', () => {
  const wanted = ['a', 'b'];
  assert.equal(mayChange(wanted, resolveSubscription(wanted, ['a', 'b'])), false);
  assert.equal(mayChange(wanted, resolveSubscription(wanted, ['a'])), true);
  assert.equal(mayChange([/a/], resolveSubscription([/a/], ['a'])), true);
});
