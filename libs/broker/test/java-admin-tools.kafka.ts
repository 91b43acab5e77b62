import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BrokerFixture } from './support/broker-fixture.js';
import { java } from './support/java-tool.js';
import { kafkaLibs } from './support/live-kafka.js';

/* Apache Kafka's tools for an operator against this broker: topics, configurations, log directories, records' deletion. */

const tools = 'org.apache.kafka.tools';

test("Kafka's tools alter, list and delete", { skip: kafkaLibs === undefined }, async (t) => {
  const fixture = await BrokerFixture.start(t);
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-tools-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const at = ['--bootstrap-server', fixture.bootstrap];
  const topics = (...args: readonly string[]) => java(`${tools}.TopicCommand`, ...at, ...args);
  const configs = (...args: readonly string[]) => java('kafka.admin.ConfigCommand', ...at, ...args);
  const ofTopic = ['--entity-type', 'topics', '--entity-name', 'ops'];

  await topics('--create', '--topic', 'ops', '--partitions', '1');
  await topics('--alter', '--topic', 'ops', '--partitions', '3');
  // Before the topic is compacted: these records have no keys.
  const performance = ['--topic', 'ops', '--num-records', '30', '--record-size', '10', '--throughput', '-1'];
  await java(
    `${tools}.ProducerPerformance`,
    ...performance,
    '--producer-props',
    `bootstrap.servers=${fixture.bootstrap}`,
  );
  await configs('--alter', ...ofTopic, '--add-config', 'cleanup.policy=[compact,delete],segment.ms=60000');
  await configs('--alter', ...ofTopic, '--delete-config', 'segment.ms');
  await configs(
    '--alter',
    '--entity-type',
    'brokers',
    '--entity-default',
    '--add-config',
    'log.retention.ms=432100000',
  );
  await configs(
    '--alter',
    '--entity-type',
    'groups',
    '--entity-name',
    'g',
    '--add-config',
    'consumer.session.timeout.ms=50000',
  );
  assert.match(
    await topics('--describe', '--topic', 'ops'),
    /PartitionCount: 3\s.*Configs: .*cleanup\.policy=compact,delete/,
  );
  const shown = await configs('--describe', ...ofTopic, '--all');
  assert.match(
    shown,
    /retention\.ms=432100000 sensitive=false synonyms=\{DYNAMIC_DEFAULT_BROKER_CONFIG:log\.retention\.ms=432100000, DEFAULT_CONFIG:log\.retention\.hours=168\}/,
  );
  assert.match(shown, /segment\.ms=604800000 sensitive=false synonyms=\{\}/);
  assert.match(
    await configs('--describe', '--entity-type', 'groups', '--entity-name', 'g'),
    /consumer\.session\.timeout\.ms=50000/,
  );
  const brokers = await configs('--describe', '--entity-type', 'brokers', '--entity-name', '1', '--all');
  assert.match(
    brokers,
    /log\.cleaner\.backoff\.ms=500 sensitive=false synonyms=\{STATIC_BROKER_CONFIG:log\.cleaner\.backoff\.ms=500, DEFAULT_CONFIG:log\.cleaner\.backoff\.ms=15000\}/,
  );

  const dirs = await java(`${tools}.LogDirsCommand`, ...at, '--describe', '--topic-list', 'ops');
  const parsed = JSON.parse(dirs.split('\n').find((line) => line.startsWith('{')) ?? '{}') as {
    brokers: { logDirs: { error: null; partitions: { partition: string; size: number }[] }[] }[];
  };
  const partitions = parsed.brokers[0]?.logDirs[0]?.partitions ?? [];
  assert.deepEqual(partitions.map(({ partition }) => partition).sort(), ['ops-0', 'ops-1', 'ops-2']);
  assert.ok(partitions.some(({ size }) => size > 0));

  const file = join(directory, 'delete.json');
  const all = [0, 1, 2].map((partition) => ({ topic: 'ops', partition, offset: -1 }));
  writeFileSync(file, JSON.stringify({ version: 1, partitions: all }));
  assert.match(
    await java(`${tools}.DeleteRecordsCommand`, ...at, '--offset-json-file', file),
    /low_watermark/,
  );
  const offsets = (time: string) => java(`${tools}.GetOffsetShell`, ...at, '--topic', 'ops', '--time', time);
  assert.equal(await offsets('earliest'), await offsets('latest'));
  await topics('--delete', '--topic', 'ops');
  assert.deepEqual(fixture.logger.of('error'), []);
});
