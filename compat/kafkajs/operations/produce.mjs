import assert from 'node:assert/strict';
import { refused } from './workbench.mjs';

const texts = (messages) => messages.map(({ value }) => (value === null ? null : String(value)));
const numbered = (count) =>
  Array.from({ length: count }, (_, index) => ({ value: `value ${index}`, partition: 0 }));

async function compressed(bench, type) {
  const { CompressionTypes } = bench.kafkajs;
  const topic = await bench.topic();
  const messages = numbered(50);
  await bench.send(topic, messages, { compression: CompressionTypes[type] });
  assert.deepEqual(
    texts(await bench.read(topic, 50)),
    messages.map(({ value }) => value),
  );
}

async function acknowledged(bench, acks) {
  const topic = await bench.topic();
  const [metadata] = (await bench.send(topic, numbered(3), { acks })) ?? [];
  if (acks !== 0) {
    assert.equal(metadata.baseOffset, '0');
    assert.equal(metadata.logStartOffset, '0');
  }
  assert.deepEqual(texts(await bench.read(topic, 3)), ['value 0', 'value 1', 'value 2']);
}

/** Acknowledgements, codecs, idempotence, what a record can hold, refusals. */
export const produceOperations = {
  'produce: acks -1': (bench) => acknowledged(bench, -1),
  'produce: acks 1': (bench) => acknowledged(bench, 1),
  'produce: acks 0': (bench) => acknowledged(bench, 0),
  'produce: gzip': (bench) => compressed(bench, 'GZIP'),
  'produce: snappy': (bench) => compressed(bench, 'Snappy'),
  'produce: lz4': (bench) => compressed(bench, 'LZ4'),
  'produce: zstd': (bench) => compressed(bench, 'ZSTD'),

  async 'produce: idempotent'(bench) {
    const topic = await bench.topic();
    const producer = await bench.producer({ idempotent: true, maxInFlightRequests: 1 });
    for (let round = 0; round < 3; round++) await producer.send({ topic, messages: numbered(5) });
    assert.equal((await bench.read(topic, 15)).length, 15);
  },

  async 'produce: keys choose partitions'(bench) {
    const topic = await bench.topic(4);
    const producer = await bench.producer();
    for (let round = 0; round < 2; round++) {
      await producer.send({ topic, messages: ['a', 'b', 'c', 'd'].map((key) => ({ key, value: key })) });
    }
    const seen = new Map();
    const consumer = await bench.consumer();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let count = 0;
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const key = String(message.key);
        seen.set(key, (seen.get(key) ?? new Set()).add(partition));
        count += 1;
      },
    });
    await bench.until(() => count === 8, 'eight messages');
    assert.ok([...seen.values()].every((partitions) => partitions.size === 1));
  },

  async 'produce: headers, null values, empty keys'(bench) {
    const topic = await bench.topic();
    const headers = { one: 'text', two: Buffer.from([0, 255]), many: ['x', 'y'] };
    await bench.send(topic, [
      { value: null, key: '', headers, partition: 0 },
      { value: '', partition: 0 },
    ]);
    const [first, second] = await bench.read(topic, 2);
    assert.equal(first.value, null);
    assert.equal(first.key.length, 0);
    assert.equal(String(first.headers.one), 'text');
    assert.deepEqual([...first.headers.two], [0, 255]);
    assert.deepEqual(first.headers.many.map(String), ['x', 'y']);
    assert.equal(second.value.length, 0);
    assert.equal(second.key, null);
  },

  async 'produce: several topics in one batch'(bench) {
    const topics = [await bench.topic(), await bench.topic()];
    const producer = await bench.producer();
    await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages: numbered(2) })) });
    for (const topic of topics) assert.equal((await bench.read(topic, 2)).length, 2);
  },

  async 'produce: a topic is made by the first message'(bench) {
    const topic = bench.name('made-by-sending');
    await bench.send(topic, [{ value: 'first' }]);
    assert.deepEqual(texts(await bench.read(topic, 1)), ['first']);
  },

  async 'produce: no topic without permission'(bench) {
    const topic = bench.name('never-made');
    const options = { allowAutoTopicCreation: false, retry: { retries: 0 } };
    await refused(bench.send(topic, [{ value: 'x' }], options), 'UNKNOWN_TOPIC_OR_PARTITION');
    assert.ok(!(await bench.admin.listTopics()).includes(topic));
  },

  async 'produce: too large a message is refused'(bench) {
    const topic = await bench.topic(1, [{ name: 'max.message.bytes', value: '1000' }]);
    await refused(bench.send(topic, [{ value: 'x'.repeat(2000), partition: 0 }]), 'MESSAGE_TOO_LARGE');
  },

  async 'produce: log append time'(bench) {
    const topic = await bench.topic(1, [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]);
    await bench.send(topic, [{ value: 'x', partition: 0, timestamp: '1000' }]);
    const [{ timestamp }] = await bench.read(topic, 1);
    assert.ok(Number(timestamp) > 1_600_000_000_000, timestamp);
  },
};
