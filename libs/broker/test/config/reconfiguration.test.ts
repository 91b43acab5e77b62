import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerConfig } from '../../src/config/broker-config.js';

/** Changes this broker's own settings; gives why it is refused, or null. */
function refusal(own: Readonly<Record<string, string>>, given: Readonly<Record<string, string>> = {}) {
  const config = new BrokerConfig(given);
  try {
    config.checkDynamic(new Map(), new Map(Object.entries(own)));
    return null;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
}

test('threads at most double or halve', () => {
  assert.equal(refusal({ 'num.io.threads': '16' }), null);
  assert.equal(refusal({ 'num.io.threads': '4' }), null);
  assert.match(refusal({ 'num.io.threads': '17' }) ?? '', /not be greater than double the current value 8/);
  assert.match(refusal({ 'num.io.threads': '3' }) ?? '', /at least half the current value 8/);
  assert.match(refusal({ 'log.cleaner.threads': '3' }) ?? '', /more than double the current value 1/);
});

test('limits of connections', () => {
  assert.match(refusal({ 'max.connections': '0' }) ?? '', /Invalid max\.connections 0/);
  assert.match(refusal({ 'max.connections.per.ip': '0' }) ?? '', /can be set to zero only if/);
  const overrides = { 'max.connections.per.ip.overrides': '127.0.0.1:5' };
  assert.equal(refusal({ 'max.connections.per.ip': '0' }, overrides), null);
  assert.match(refusal({ 'max.connections.per.ip.overrides': 'x' }) ?? '', /begin 0, end -1, length 1/);
});

test('local retention keeps within retention', () => {
  assert.match(refusal({ 'log.local.retention.ms': '-1' }) ?? '', /must not be -1 as log\.retention\.ms/);
  assert.match(
    refusal({ 'log.local.retention.bytes': '6', 'log.retention.bytes': '5' }) ?? '',
    /value: 5 for/,
  );
  assert.equal(refusal({ 'log.local.retention.ms': '7', 'log.retention.ms': '-1' }), null);
});

test('neither listeners nor classes that are not here', () => {
  assert.match(refusal({ listeners: 'PLAINTEXT://:1' }) ?? '', /restart it/);
  assert.match(refusal({ 'metric.reporters': 'a.B' }) ?? '', /metric\.reporters/);
  assert.throws(
    () => new BrokerConfig({ 'principal.builder.class': 'a.B' }),
    /Class a\.B could not be found/,
  );
});
