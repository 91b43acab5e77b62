import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { sleep } from '@oubliette/runtime';
import kafkajs from 'kafkajs';
import { createAdmin } from '../admin/create-admin.js';
import { createConsumer } from '../consumer/consumer.js';
import { KafkaClientError } from '../errors.js';
import type { ConsumerOptions, OutgoingRecord, ReceivedRecord, RecordConsumer } from '../ports.js';
import { createProducer } from '../producer/producer.js';
import { clock, settingsFor, uniqueName, type Engine } from './engine.js';
import { eventually } from './eventually.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (records: readonly ReceivedRecord[]): string[] =>
  records.map(({ value }) => (value === null ? 'null' : new TextDecoder().decode(value)));
const numbered = (topic: string, from: number, to: number): OutgoingRecord[] =>
  Array.from({ length: to - from }, (_, index) => ({
    topic,
    key: utf8('k'),
    value: utf8(`${from + index}`),
  }));

/** What every engine must do for producers and consumers. It must allow sessions of 3 s (`group.min.session.timeout.ms`). */
export function producerConsumerContract(engine: Engine): void {
  describe(`producers and consumers on ${engine.name}`, () => {
    const started: RecordConsumer[] = [];
    // What a failing test left running would keep the process alive.
    after(() => Promise.all(started.map((consumer) => consumer.close())));

    const makeTopic = async (partitions = 1): Promise<string> => {
      const topic = uniqueName('topic');
      await createTopic(topic, partitions);
      return topic;
    };
    const createTopic = async (topic: string, partitions = 1): Promise<void> => {
      const admin = await createAdmin(settingsFor(engine));
      await admin.createTopic({ name: topic, partitions });
      await admin.close();
    };
    const produce = async (records: readonly OutgoingRecord[]): Promise<void> => {
      const producer = await createProducer(settingsFor(engine));
      await producer.send(records);
      await producer.close();
    };
    const consume = async (
      received: ReceivedRecord[],
      options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'topics'>,
    ): Promise<RecordConsumer> => {
      const consumer = createConsumer(settingsFor(engine), {
        groupId: uniqueName('group'),
        fromBeginning: true,
        topicRefreshMs: 200,
        sessionTimeoutMs: 6_000,
        onBatch: (batch) => {
          received.push(...batch.records);
          return Promise.resolve();
        },
        ...options,
      });
      started.push(consumer);
      await consumer.start();
      return consumer;
    };

    /** Whether the group has committed a position in each partition. */
    const hasPositions = async (groupId: string, topic: string): Promise<boolean> => {
      const { NOTHING: logLevel } = kafkajs.logLevel;
      const admin = new kafkajs.Kafka({ brokers: [engine.bootstrap()], logLevel }).admin();
      await admin.connect();
      try {
        const [of] = await admin.fetchOffsets({ groupId, topics: [topic] });
        return of?.partitions.every(({ offset }) => offset !== '-1') ?? false;
      } finally {
        await admin.disconnect();
      }
    };

    test('bytes, nulls and headers arrive as they were sent, in order', async () => {
      const topic = await makeTopic();
      const key = Uint8Array.from({ length: 256 }, (_, index) => index);
      const value = Uint8Array.of(0, 255, 254, 128, 0);
      await produce([
        { topic, key, value, headers: { type: 'seen', größe: 'früh', empty: '' } },
        { topic, key: null, value: Uint8Array.of() },
        { topic, key, value: null },
      ]);
      const received: ReceivedRecord[] = [];
      const consumer = await consume(received, { topics: [topic] });
      await eventually('three records', () => received.length === 3);
      await consumer.close();
      const [first, second, third] = received;
      assert.deepEqual(Uint8Array.from(first?.key ?? []), key);
      assert.deepEqual(Uint8Array.from(first?.value ?? []), value);
      assert.deepEqual(first?.headers, { type: 'seen', größe: 'früh', empty: '' });
      assert.equal(first?.offset, 0n);
      assert.ok(Math.abs((first?.timestamp ?? 0) - clock.now()) < 60_000);
      assert.equal(second?.key, null);
      assert.equal(second?.value?.length, 0);
      assert.equal(third?.value, null);
    });

    test('one send over several topics and partitions; the key chooses the partition', async () => {
      const topics = [await makeTopic(4), await makeTopic(2)];
      const records = topics.flatMap((topic) =>
        Array.from({ length: 200 }, (_, i) => ({ topic, key: utf8(`user-${i % 20}`), value: utf8(`${i}`) })),
      );
      await produce(records);
      const received: ReceivedRecord[] = [];
      const consumer = await consume(received, { topics });
      await eventually('all records', () => received.length === records.length);
      await consumer.close();
      const places = new Map<string, Set<number>>();
      const seen = new Map<string, number>();
      for (const { topic, key, partition, value } of received) {
        const name = `${topic} ${new TextDecoder().decode(key ?? undefined)}`;
        places.set(name, (places.get(name) ?? new Set()).add(partition));
        const number = Number(new TextDecoder().decode(value ?? undefined));
        assert.ok(number > (seen.get(name) ?? -1), 'records of one key keep their order');
        seen.set(name, number);
      }
      assert.equal(places.size, 40);
      for (const partitions of places.values()) assert.equal(partitions.size, 1);
    });

    test('concurrent sends and enqueued records arrive once each, in the order of the calls', async () => {
      const topic = await makeTopic();
      const producer = await createProducer(settingsFor(engine));
      const sends: Promise<void>[] = [];
      for (let i = 0; i < 300; i += 1) {
        const record = { topic, key: null, value: utf8(`${i}`) };
        if (i % 3 === 0) producer.enqueue(record);
        else sends.push(producer.send([record]));
      }
      await Promise.all(sends);
      await producer.flush();
      await producer.close();
      const received: ReceivedRecord[] = [];
      const consumer = await consume(received, { topics: [topic] });
      await eventually('300 records', () => received.length >= 300);
      await consumer.close();
      assert.deepEqual(
        texts(received),
        Array.from({ length: 300 }, (_, i) => `${i}`),
      );
    });

    test('producing to a missing topic fails soon, creates nothing, and hurts no other send', async () => {
      const topic = await makeTopic();
      const missing = uniqueName('missing');
      const producer = await createProducer(settingsFor(engine));
      const bad = producer.send([{ topic: missing, key: null, value: utf8('x') }]);
      const good = producer.send([{ topic, key: null, value: utf8('x') }]);
      await assert.rejects(
        bad,
        (error) => error instanceof KafkaClientError && error.code === 'TOPIC_MISSING',
      );
      await good;
      await producer.close();
      const admin = await createAdmin(settingsFor(engine));
      assert.ok(!(await admin.listTopics()).includes(missing));
      await admin.close();
    });

    test('a record that the broker refuses fails its own caller alone, and the producer lives on', async () => {
      const topic = await makeTopic();
      const producer = await createProducer(settingsFor(engine));
      const large = producer.send([{ topic, key: null, value: new Uint8Array(3_000_000) }]);
      const others = [1, 2, 3].map((n) => producer.send([{ topic, key: null, value: utf8(`${n}`) }]));
      await assert.rejects(
        large,
        (error) => error instanceof KafkaClientError && error.code === 'KAFKA_REFUSED',
      );
      await Promise.all(others);
      await producer.send([{ topic, key: null, value: utf8('4') }]);
      await producer.close();
      const received: ReceivedRecord[] = [];
      const consumer = await consume(received, { topics: [topic] });
      await eventually('four records', () => received.length >= 4);
      await consumer.close();
      assert.deepEqual(texts(received), ['1', '2', '3', '4']);
    });

    test('positions are committed after the handler: a second member of the group goes on where the first ended', async () => {
      const topic = await makeTopic();
      const groupId = uniqueName('group');
      await produce(numbered(topic, 0, 10));
      const first: ReceivedRecord[] = [];
      const one = await consume(first, { topics: [topic], groupId });
      await eventually('ten records', () => first.length === 10);
      await one.close();
      assert.equal(one.running, false);
      await produce(numbered(topic, 10, 15));
      const second: ReceivedRecord[] = [];
      const two = await consume(second, { topics: [topic], groupId });
      await eventually('five records', () => second.length >= 5);
      await two.close();
      assert.deepEqual(texts(second), ['10', '11', '12', '13', '14']);
    });

    test('a batch whose handler fails comes again, nothing is skipped, and other partitions go on', async () => {
      const topic = await makeTopic(2);
      const bad = Array.from({ length: 5 }, (_, i) => ({
        topic,
        partition: 0,
        key: null,
        value: utf8(`${i}`),
      }));
      const handled: ReceivedRecord[] = [];
      let failures = 0;
      // Were the other partition to wait for the failing one, this would never end.
      const otherWentOn = (): boolean => handled.some(({ partition }) => partition === 1);
      const consumer = await consume([], {
        topics: [topic],
        onBatch: (batch) => {
          if (batch.partition === 0 && (failures < 4 || !otherWentOn())) {
            failures += 1;
            return Promise.reject(new Error('not yet'));
          }
          handled.push(...batch.records);
          return Promise.resolve();
        },
      });
      await produce(bad);
      await eventually('the first failure', () => failures > 0);
      await produce([{ topic, partition: 1, key: null, value: utf8('other') }]);
      await eventually('the other partition', otherWentOn);
      await eventually('the batch again', () => handled.length >= 6);
      await consumer.close();
      assert.deepEqual(texts(handled.filter(({ partition }) => partition === 0)), ['0', '1', '2', '3', '4']);
    });

    test('a handler that takes longer than the session keeps its membership and runs once', async () => {
      const topic = await makeTopic();
      let calls = 0;
      let done = 0;
      const consumer = await consume([], {
        topics: [topic],
        sessionTimeoutMs: 3_000,
        onBatch: async () => {
          calls += 1;
          await sleep(clock, 5_000);
          done += 1;
        },
      });
      await produce(numbered(topic, 0, 3));
      await eventually('the handler', () => done === 1);
      await sleep(clock, 500);
      await consumer.close();
      assert.equal(calls, 1);
    });

    test('a topic that appears later and matches an expression is read from its first record', async () => {
      const prefix = uniqueName('regex');
      const present = `${prefix}.a`;
      await createTopic(present);
      const received: ReceivedRecord[] = [];
      const consumer = await consume(received, {
        topics: [new RegExp(`^${prefix.replaceAll('.', '\\.')}\\.`)],
        fromBeginning: false,
      });
      await produce([{ topic: present, key: null, value: utf8('old') }]);
      await eventually('a record of the first topic', () => received.length === 1);
      const later = `${prefix}.b`;
      await createTopic(later);
      await produce([{ topic: later, key: null, value: utf8('new') }]);
      await eventually('a record of the second topic', () => received.length === 2);
      await produce([{ topic: present, key: null, value: utf8('old again') }]);
      await eventually('the first topic again', () => received.length === 3);
      await consumer.close();
      assert.deepEqual(texts(received), ['old', 'new', 'old again']);
    });

    test('waiting for a named topic creates none, and takes it up when it appears', async () => {
      const topic = uniqueName('awaited');
      const received: ReceivedRecord[] = [];
      const consumer = await consume(received, { topics: [topic], fromBeginning: true });
      await sleep(clock, 600);
      const admin = await createAdmin(settingsFor(engine));
      assert.ok(!(await admin.listTopics()).includes(topic));
      await admin.close();
      await createTopic(topic);
      await produce([{ topic, key: null, value: utf8('here') }]);
      await eventually('the record', () => received.length === 1);
      await consumer.close();
    });

    test('a new group begins at the end, and a restart before its first record loses none', async () => {
      const topic = await makeTopic(3);
      const groupId = uniqueName('group');
      await produce([0, 1, 2].map((partition) => ({ topic, partition, key: null, value: utf8('before') })));
      const received: ReceivedRecord[] = [];
      const options = { topics: [topic], groupId, fromBeginning: false };
      const first = await consume(received, options);
      await eventually('positions at the end', () => hasPositions(groupId, topic));
      await first.close();
      await produce([0, 1, 2].map((partition) => ({ topic, partition, key: null, value: utf8('between') })));
      const second = await consume(received, options);
      await eventually('what came between', () => received.length >= 3);
      await second.close();
      assert.deepEqual(texts(received), ['between', 'between', 'between']);
    });

    test('two members share the partitions, and one takes over when the other leaves', async () => {
      const topic = await makeTopic(4);
      const groupId = uniqueName('group');
      const one: ReceivedRecord[] = [];
      const two: ReceivedRecord[] = [];
      const first = await consume(one, { topics: [topic], groupId });
      const second = await consume(two, { topics: [topic], groupId });
      const round = (text: string): Promise<void> =>
        produce([0, 1, 2, 3].map((partition) => ({ topic, partition, key: null, value: utf8(text) })));
      let rounds = 0;
      await eventually(
        'both having records',
        async () => {
          rounds += 1;
          await round(`${rounds}`);
          await sleep(clock, 300);
          return one.length > 0 && two.length > 0;
        },
        30_000,
      );
      await second.close();
      await round('last');
      await eventually(
        'all of the last round',
        () =>
          [...one, ...two].filter(
            ({ value }) => value !== null && texts([{ value } as ReceivedRecord])[0] === 'last',
          ).length >= 4,
      );
      await first.close();
      const places = new Set([...one, ...two].map(({ partition, offset }) => `${partition}/${offset}`));
      assert.equal(places.size, (rounds + 1) * 4, 'every record of every partition was handled');
    });
  });
}
