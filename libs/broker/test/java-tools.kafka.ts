import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BrokerFixture } from './support/broker-fixture.js';
import { java } from './support/java-tool.js';

/* Apache Kafka's own command-line tools against this broker. Needs a directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS. */
const libs = process.env['OUBLIETTE_KAFKA_LIBS'];
const tools = 'org.apache.kafka.tools';

test(
  "Kafka's tools create, fill, read and describe, and read our group records",
  { skip: libs === undefined },
  async (t) => {
    const fixture = await BrokerFixture.start(t);
    const at = ['--bootstrap-server', fixture.bootstrap];
    const records = 20_000;
    await java(
      `${tools}.TopicCommand`,
      ...at,
      '--create',
      '--topic',
      'perf',
      '--partitions',
      '2',
      '--config',
      'segment.ms=60000',
    );
    const described = await java(`${tools}.TopicCommand`, ...at, '--describe', '--topic', 'perf');
    assert.match(
      described,
      /PartitionCount: 2\s+ReplicationFactor: 1\s+Configs: min\.insync\.replicas=1,segment\.ms=60000/,
    );
    const producing = [
      '--topic',
      'perf',
      '--num-records',
      String(records),
      '--record-size',
      '200',
      '--throughput',
      '-1',
    ];
    for (const acks of ['1', 'all']) {
      const properties = ['--producer-props', `bootstrap.servers=${fixture.bootstrap}`, `acks=${acks}`];
      assert.match(
        await java(`${tools}.ProducerPerformance`, ...producing, ...properties),
        /20000 records sent/,
      );
    }
    const ends = await java(`${tools}.GetOffsetShell`, ...at, '--topic', 'perf');
    const total = [...ends.matchAll(/^perf:\d+:(\d+)$/gm)].reduce((sum, [, end]) => sum + Number(end), 0);
    assert.equal(total, 2 * records);
    await java(
      `${tools}.ConsumerPerformance`,
      ...at,
      '--topic',
      'perf',
      '--messages',
      String(total),
      '--group',
      'perf-readers',
    );
    const group = `${tools}.consumer.group.ConsumerGroupCommand`;
    const lag = await java(group, ...at, '--describe', '--group', 'perf-readers');
    assert.equal([...lag.matchAll(/^perf-readers\s+perf\s+\d+\s+(\d+)\s+\1\s+0\s/gm)].length, 2, lag);
    await java(group, ...at, '--delete', '--group', 'perf-readers');
    await java(`${tools}.TopicCommand`, ...at, '--delete', '--topic', 'perf');
    await fixture.stop();

    const directory = join(fixture.dataDir, '__consumer_offsets-0');
    const segments = readdirSync(directory).filter((name) => name.endsWith('.log'));
    const files = segments.map((name) => join(directory, name)).join(',');
    const dump = await java('kafka.tools.DumpLogSegments', '--offsets-decoder', '--files', files);
    assert.match(dump, /"group":"perf-readers","topic":"perf","partition":1\}\} payload: \{"version":"4"/);
    assert.match(
      dump,
      /\{"type":"2","data":\{"group":"perf-readers"\}\} payload: \{"version":"3".*"protocol":"range"/,
    );
    assert.ok(!dump.includes('isvalid: false'));
    assert.deepEqual(fixture.logger.of('error'), []);
  },
);
