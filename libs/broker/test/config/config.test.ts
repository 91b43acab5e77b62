import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerConfig, ConfigSource } from '../../src/config/broker-config.js';
import { brokerDefinitions } from '../../src/config/broker-definitions.js';
import { checkValue } from '../../src/config/definition.js';
import { topicDefinitions } from '../../src/config/topic-definitions.js';
import { checkTopicOverrides, toLogConfig } from '../../src/config/topic-config.js';

const invalid = { code: 'CONFIG_INVALID' };

test('every default is a value that its own definition takes, and every name stands once', () => {
  for (const definition of [...brokerDefinitions, ...topicDefinitions]) {
    if (definition.defaultValue === null) continue;
    const { defaultValue } = definition;
    assert.equal(checkValue(definition, defaultValue), defaultValue, definition.name);
  }
  for (const table of [brokerDefinitions, topicDefinitions]) {
    assert.equal(new Set(table.map(({ name }) => name)).size, table.length);
  }
});

test('values that are none are refused with their name and their range', () => {
  const refused: readonly [string, string][] = [
    ['num.partitions', '0'],
    ['num.partitions', 'many'],
    ['num.partitions', '1.5'],
    ['log.segment.bytes', '99999999999'],
    ['log.retention.ms', '9223372036854775808'],
    ['log.cleaner.min.cleanable.ratio', '1.1'],
    ['auto.create.topics.enable', 'yes'],
    ['log.cleanup.policy', 'delete,shred'],
    ['log.retention.hours', '0'],
    ['compression.type', 'bzip2'],
    ['num.partition', '3'],
  ];
  for (const [name, value] of refused) {
    assert.throws(
      () => new BrokerConfig({ [name]: value }),
      (error: Error & { code?: string }) =>
        error.code === 'CONFIG_INVALID' && error.message.includes(name.replace('hours', 'ms')),
      `${name}=${value}`,
    );
  }
  for (const codec of ['-1', '5']) {
    assert.throws(() => new BrokerConfig({ 'offsets.topic.compression.codec': codec }), invalid);
  }
  const crossed = { 'group.min.session.timeout.ms': '10', 'group.max.session.timeout.ms': '5' };
  assert.throws(() => new BrokerConfig(crossed), invalid);
  assert.throws(() => new BrokerConfig({ 'broker.id': '2', 'node.id': '3' }), invalid);
  assert.equal(new BrokerConfig({ 'node.id': '3' }).number('broker.id'), 3);
});

test('a file written for Kafka starts this broker: names without effect are told, not refused', () => {
  const config = new BrokerConfig({
    'process.roles': 'broker,controller',
    'num.network.threads': '4',
    'num.io.threads': '8',
    'transaction.state.log.replication.factor': '1',
    'offsets.topic.replication.factor': '1',
  });
  assert.deepEqual(config.ignored, ['process.roles', 'num.network.threads']);
  assert.equal(config.noteWithoutEffect('num.network.threads'), false);
  assert.equal(config.noteWithoutEffect('num.io.threads'), true);
  assert.equal(config.noteWithoutEffect('num.io.threads'), false);
});

test('a topic takes its own setting, then what changed, then what was given, then the default', () => {
  const config = new BrokerConfig({ 'log.cleaner.delete.retention.ms': '3' });
  const deleteRetention = (own = {}): number => toLogConfig(own, config).deleteRetentionMs;
  assert.equal(toLogConfig({}, new BrokerConfig()).deleteRetentionMs, 86_400_000);
  assert.equal(deleteRetention(), 3);
  config.setDynamic(new Map([['log.cleaner.delete.retention.ms', '2']]), new Map());
  assert.equal(deleteRetention(), 2);
  config.setDynamic(
    new Map([['log.cleaner.delete.retention.ms', '2']]),
    new Map([['log.cleaner.delete.retention.ms', '1']]),
  );
  assert.equal(deleteRetention(), 1);
  assert.equal(deleteRetention({ 'delete.retention.ms': '0' }), 0);
  assert.deepEqual(
    config.layers('log.cleaner.delete.retention.ms').map(({ source }) => source),
    [
      ConfigSource.dynamicBroker,
      ConfigSource.dynamicDefaultBroker,
      ConfigSource.staticBroker,
      ConfigSource.default,
    ],
  );
});

test('retention: ms goes before minutes before hours, and -1 has no unit', () => {
  const retention = (given: Record<string, string>): number =>
    toLogConfig({}, new BrokerConfig(given)).retentionMs;
  assert.equal(retention({}), 604_800_000);
  assert.equal(retention({ 'log.retention.hours': '1' }), 3_600_000);
  assert.equal(retention({ 'log.retention.hours': '1', 'log.retention.minutes': '2' }), 120_000);
  assert.equal(retention({ 'log.retention.hours': '1', 'log.retention.ms': '7' }), 7);
  assert.equal(retention({ 'log.retention.hours': '-1' }), -1);
});

test('"for ever" is the largest number there is, and settings that contradict each other are refused', () => {
  const config = new BrokerConfig();
  assert.equal(toLogConfig({}, config).maxCompactionLagMs, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(
    [...toLogConfig({ 'cleanup.policy': 'compact, delete' }, config).cleanupPolicy],
    ['compact', 'delete'],
  );
  assert.throws(
    () => checkTopicOverrides({ 'min.compaction.lag.ms': '9', 'max.compaction.lag.ms': '8' }, config),
    invalid,
  );
  assert.throws(() => checkTopicOverrides({ 'no.such.thing': '1' }, config), invalid);
  assert.equal(toLogConfig({ 'segment.ms': ' 5 ' }, config).segmentMs, 5);
  assert.throws(() => checkTopicOverrides({ 'remote.storage.enable': 'true' }, config), invalid);
});
