import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import kafkajs, { type Consumer } from 'kafkajs';
import { BrokerFixture } from './support/broker-fixture.js';
import { Collector, kafkaClient } from './support/kafkajs-client.js';

const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;

/** Resolves with the partitions of the topic that the consumer was given when it next joins. */
async function nextAssignment(consumer: Consumer, topic: string): Promise<readonly number[]> {
  const joined = new EventTarget();
  const undo = consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joined.dispatchEvent(new CustomEvent('joined', { detail: payload.memberAssignment[topic] ?? [] }));
  });
  const [event] = (await once(joined, 'joined', { signal: AbortSignal.timeout(15_000) })) as [
    CustomEvent<number[]>,
  ];
  undo();
  return event.detail;
}

test('two members share the partitions, and the one that stays takes over from the one that leaves', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const kafka = kafkaClient(fixture.bootstrap);
  const admin = kafka.admin();
  fixture.beforeStop(() => admin.disconnect());
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'shared', numPartitions: 4 }] });
  const options = {
    groupId: 'pair',
    heartbeatInterval: 200,
    sessionTimeout: 6000,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 200,
  };
  const [first, second] = [kafka.consumer(options), kafka.consumer(options)];
  fixture.beforeStop(() => Promise.all([first.disconnect(), second.disconnect()]));
  const collector = new Collector();
  for (const consumer of [first, second]) {
    await consumer.connect();
    await consumer.subscribe({ topic: 'shared', fromBeginning: true });
  }
  const alone = nextAssignment(first, 'shared');
  await collector.run(first);
  assert.deepEqual([...(await alone)].sort(), [0, 1, 2, 3]);

  const halves = Promise.all([nextAssignment(first, 'shared'), nextAssignment(second, 'shared')]);
  await collector.run(second);
  const [left, right] = await halves;
  assert.equal(left.length, 2);
  assert.deepEqual([...left, ...right].sort(), [0, 1, 2, 3]);
  const { groups } = await admin.describeGroups(['pair']);
  assert.equal(groups[0]?.state, 'Stable');
  assert.equal(groups[0]?.members.length, 2);

  const whole = nextAssignment(first, 'shared');
  await second.disconnect();
  assert.deepEqual([...(await whole)].sort(), [0, 1, 2, 3]);

  const producer = kafka.producer({ createPartitioner });
  fixture.beforeStop(() => producer.disconnect());
  await producer.connect();
  await producer.send({
    topic: 'shared',
    messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' })),
  });
  await collector.until(4);
  assert.deepEqual(fixture.logger.of('error'), []);
});

test('a group resumes behind its committed offsets after the broker restarts', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const kafka = kafkaClient(fixture.bootstrap);
  const producer = kafka.producer({ createPartitioner });
  fixture.beforeStop(() => producer.disconnect());
  await producer.connect();
  const send = (values: readonly string[]) =>
    producer.send({ topic: 'resumed', messages: values.map((value) => ({ value })) });
  await send(['a', 'b', 'c']);
  const consume = async (count: number): Promise<readonly (string | null)[]> => {
    const consumer = kafka.consumer({ groupId: 'resuming' });
    const collector = new Collector();
    await consumer.connect();
    await consumer.subscribe({ topic: 'resumed', fromBeginning: true });
    await collector.run(consumer);
    await collector.until(count);
    await consumer.disconnect();
    return collector.seen.map(({ value }) => value);
  };
  assert.deepEqual(await consume(3), ['a', 'b', 'c']);
  await fixture.restart();
  await send(['d', 'e']);
  assert.deepEqual(await consume(2), ['d', 'e']);
  assert.deepEqual(fixture.logger.of('error'), []);
});

test('a consumer that runs while the broker restarts goes on where it was', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const kafka = kafkaClient(fixture.bootstrap);
  const producer = kafka.producer({ createPartitioner });
  const consumer = kafka.consumer({ groupId: 'surviving', heartbeatInterval: 200, sessionTimeout: 6000 });
  fixture.beforeStop(() => Promise.all([producer.disconnect(), consumer.disconnect()]));
  await producer.connect();
  await producer.send({ topic: 'kept', messages: [{ value: 'before' }] });
  await consumer.connect();
  await consumer.subscribe({ topic: 'kept', fromBeginning: true });
  const collector = new Collector();
  await collector.run(consumer);
  await collector.until(1);
  await fixture.restart();
  await producer.send({ topic: 'kept', messages: [{ value: 'after' }] });
  await collector.until(2, 20_000);
  assert.equal(collector.seen.at(-1)?.value, 'after');
});

test('a regular expression subscribes to every topic that fits, and to no other', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const kafka = kafkaClient(fixture.bootstrap);
  const producer = kafka.producer({ createPartitioner });
  const consumer = kafka.consumer({ groupId: 'matching' });
  fixture.beforeStop(() => Promise.all([producer.disconnect(), consumer.disconnect()]));
  await producer.connect();
  for (const topic of ['com.a.views', 'com.b.views', 'com.b.clicks']) {
    await producer.send({ topic, messages: [{ value: topic }] });
  }
  await consumer.connect();
  await consumer.subscribe({ topic: /^com\..*\.views$/, fromBeginning: true });
  const collector = new Collector();
  await collector.run(consumer);
  await collector.until(2);
  assert.deepEqual(collector.seen.map(({ topic }) => topic).sort(), ['com.a.views', 'com.b.views']);
});
