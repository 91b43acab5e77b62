import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, ErrorCode } from '@oubliette/protocol';
import kafkajs from 'kafkajs';
import { BrokerFixture } from './support/broker-fixture.js';
import { Collector, kafkaClient } from './support/kafkajs-client.js';
import { WireClient } from './support/wire-client.js';

const { CompressionTypes, Partitioners } = kafkajs;
const createPartitioner = Partitioners.DefaultPartitioner;

test('kafkajs produces with acks -1, 1 and 0, gzip, headers and binary keys, and reads back what it sent', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const kafka = kafkaClient(fixture.bootstrap);
  const producer = kafka.producer({ createPartitioner });
  await producer.connect();
  fixture.beforeStop(() => producer.disconnect());
  for (const acks of [-1, 1, 0]) {
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      const value = `acks ${acks} codec ${compression}`;
      const [answer] = await producer.send({
        topic: 'sent',
        acks,
        compression,
        messages: [{ key: 'k', value, headers: { h: 'v' } }],
      });
      // Nobody answers acks=0.
      assert.equal(answer?.errorCode, acks === 0 ? undefined : 0);
    }
  }
  const consumer = kafka.consumer({ groupId: 'readers' });
  fixture.beforeStop(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic: 'sent', fromBeginning: true });
  const collector = new Collector();
  await collector.run(consumer);
  const seen = await collector.until(6);
  assert.deepEqual(
    seen.map(({ value }) => value),
    ['-1 codec 0', '-1 codec 1', '1 codec 0', '1 codec 1', '0 codec 0', '0 codec 1'].map(
      (text) => `acks ${text}`,
    ),
  );
  assert.deepEqual(
    seen.map(({ offset }) => offset),
    ['0', '1', '2', '3', '4', '5'],
  );
  assert.equal(seen[0]?.headers?.['h']?.toString(), 'v');
  assert.deepEqual(fixture.logger.of('error'), []);
});

test('an idempotent kafkajs producer with many batches in flight writes each record once', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'num.partitions': '3' });
  const kafka = kafkaClient(fixture.bootstrap);
  const producer = kafka.producer({ createPartitioner, idempotent: true, maxInFlightRequests: 5 });
  fixture.beforeStop(() => producer.disconnect());
  await producer.connect();
  const rounds = 30; // kafkajs does not promise the order of sends that are under way together
  await Promise.all(
    Array.from({ length: rounds }, (_, round) =>
      producer.send({
        topic: 'ordered',
        messages: [0, 1, 2].map((partition) => ({ partition, value: String(round) })),
      }),
    ),
  );
  const consumer = kafka.consumer({ groupId: 'readers' });
  fixture.beforeStop(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic: 'ordered', fromBeginning: true });
  const collector = new Collector();
  await collector.run(consumer);
  const seen = await collector.until(rounds * 3);
  for (const partition of [0, 1, 2]) {
    const values = seen.filter((record) => record.partition === partition).map(({ value }) => Number(value));
    assert.deepEqual(
      values.sort((a, b) => a - b),
      Array.from({ length: rounds }, (_, round) => round),
    );
  }
});

test('a kafkajs transaction is refused at once, not retried for ever, and the log says once what to do', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const producer = kafkaClient(fixture.bootstrap).producer({
    createPartitioner,
    transactionalId: 'tx',
    maxInFlightRequests: 1,
    idempotent: true,
  });
  fixture.beforeStop(() => producer.disconnect());
  await producer.connect();
  for (let tries = 0; tries < 2; tries++) {
    await assert.rejects(producer.transaction(), { name: 'KafkaJSGroupCoordinatorNotFound' });
  }
  const said = fixture.logger.lines.filter(({ message }) => message.includes('transaction'));
  assert.deepEqual(
    said.map(({ level, fields }) => [level, fields]),
    [['warn', { clientId: 'test' }]],
  );
  // Who knows the coordinator already begins with this; each client of its own is told of.
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  const body = { transactionalId: 'tx', transactionTimeoutMs: 1_000 };
  const { errorCode, producerId } = await client.call(apis.initProducerId, 1, body);
  assert.deepEqual([errorCode, producerId], [ErrorCode.INVALID_REQUEST, -1n]);
  assert.deepEqual(fixture.logger.lines.at(-1)?.fields, { clientId: 'wire' });
});
