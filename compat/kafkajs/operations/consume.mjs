import assert from 'node:assert/strict';

const letters = ['a', 'b', 'c', 'd', 'e'];
const sent = letters.map((value) => ({ value, partition: 0 }));

/** Runs a consumer and gives the values it saw, as they come. */
async function collect(bench, topic, options = {}, running = {}) {
  const consumer = await bench.consumer(options);
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const values = [];
  await consumer.run({
    eachMessage: async ({ message }) => void values.push(String(message.value)),
    ...running,
  });
  return { consumer, values };
}

/** Reading without and with committed offsets, seeking, pausing, batches. */
export const consumeOperations = {
  async 'consume: from the beginning'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, sent);
    assert.deepEqual(
      (await bench.read(topic, 5)).map(({ value }) => String(value)),
      letters,
    );
  },

  async 'consume: from the end'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, sent);
    const consumer = await bench.consumer();
    await consumer.subscribe({ topics: [topic], fromBeginning: false });
    const values = [];
    let isFetching = false;
    consumer.on(consumer.events.FETCH, () => (isFetching = true));
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
    await bench.until(() => isFetching, 'a fetch');
    await bench.send(topic, [{ value: 'late', partition: 0 }]);
    await bench.until(() => values.length === 1, 'the late message');
    assert.deepEqual(values, ['late']);
  },

  async 'consume: seek'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, sent);
    const { consumer, values } = await collect(bench, topic);
    await bench.until(() => values.length === 5, 'five messages');
    consumer.seek({ topic, partition: 0, offset: '3' });
    await bench.until(() => values.length === 7, 'two messages again');
    assert.deepEqual(values.slice(5), ['d', 'e']);
  },

  async 'consume: an offset out of range resets'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, sent);
    const { consumer, values } = await collect(bench, topic);
    await bench.until(() => values.length === 5, 'five messages');
    consumer.seek({ topic, partition: 0, offset: '99' });
    await bench.until(() => values.length >= 10, 'all of them again');
  },

  async 'consume: pause and resume'(bench) {
    const topic = await bench.topic();
    const { consumer, values } = await collect(bench, topic);
    consumer.pause([{ topic }]);
    await bench.send(topic, sent);
    const seenWhilePaused = values.length;
    consumer.resume([{ topic }]);
    await bench.until(() => values.length === 5, 'five messages');
    assert.ok(seenWhilePaused <= 5);
    assert.deepEqual(values, letters);
  },

  async 'consume: batches'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, sent);
    const consumer = await bench.consumer();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const batches = [];
    await consumer.run({ eachBatch: async ({ batch }) => void batches.push(batch) });
    await bench.until(() => batches.flatMap(({ messages }) => messages).length === 5, 'five messages');
    assert.equal(batches[0].highWatermark, '5');
    assert.equal(batches[0].firstOffset(), '0');
  },

  async 'consume: topics by pattern'(bench) {
    const prefix = bench.name('pattern');
    const topics = [`${prefix}-a`, `${prefix}-b`];
    await bench.admin.createTopics({ topics: topics.map((topic) => ({ topic })), waitForLeaders: true });
    for (const topic of topics) await bench.send(topic, [{ value: topic }]);
    const { values } = await collect(bench, new RegExp(`^${prefix}-`));
    await bench.until(() => values.length === 2, 'one message of each');
    assert.deepEqual(values.sort(), topics);
  },

  async 'consume: a large message past maxBytes'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, [
      { value: 'x'.repeat(200_000), partition: 0 },
      { value: 'y', partition: 0 },
    ]);
    const read = await bench.read(topic, 2, { maxBytes: 1000, maxBytesPerPartition: 1000 });
    assert.deepEqual(
      read.map(({ value }) => value.length),
      [200_000, 1],
    );
  },

  async 'consume: read committed where nothing is open'(bench) {
    const topic = await bench.topic();
    await bench.send(topic, sent);
    const read = await bench.read(topic, 5, { readUncommitted: false });
    assert.equal(read.length, 5);
  },

  async 'consume: long polling hears of a message at once'(bench) {
    const topic = await bench.topic();
    const { consumer, values } = await collect(bench, topic, { maxWaitTimeInMs: 5000, minBytes: 1 });
    let isFetching = false;
    consumer.on(consumer.events.FETCH_START, () => (isFetching = true));
    await bench.until(() => isFetching, 'a fetch');
    const producer = await bench.producer();
    const started = performance.now();
    await producer.send({ topic, messages: [{ value: 'now' }] });
    await bench.until(() => values.length === 1, 'the message');
    assert.ok(performance.now() - started < 2000);
  },
};
