import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { onlyRecords } from '@oubliette/keyring/testing';
import { sleep } from '@oubliette/runtime';
import { createAdmin } from '../admin/create-admin.js';
import { createConsumer } from '../consumer/consumer.js';
import { KafkaClientError } from '../errors.js';
import { openKeyTopic } from '../key-topic/open-key-topic.js';
import { createProducer } from '../producer/producer.js';
import { clock, settingsFor, uniqueName, type Engine } from './engine.js';
import { eventually } from './eventually.js';
import { quickKeyTopic } from './key-topic-contract.js';

/** An engine that a test may crash; it comes back at the same address with its data. */
export interface CrashableEngine extends Engine {
  crash(): Promise<void>;
  restart(): Promise<void>;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? undefined);
const outageMs = 500;

/** What every engine and the clients must stand together: the broker's process dies and comes back. */
export function resilienceContract(engine: CrashableEngine): void {
  describe(`a crash of ${engine.name}`, () => {
    const toClose: { close(): Promise<void> }[] = [];
    // What a failing test left open would keep the process alive.
    after(() => Promise.all(toClose.map((open) => open.close())));
    const crashAndRestart = async (): Promise<void> => {
      await engine.crash();
      await sleep(clock, outageMs);
      await engine.restart();
    };

    test('no acknowledged record is lost, none overtakes another, and producer and consumer go on by themselves', async () => {
      const settings = settingsFor(engine);
      const topic = uniqueName('crash');
      const admin = await createAdmin(settings);
      await admin.createTopic({ name: topic, partitions: 1 });
      await admin.close();
      const seen: number[] = [];
      const consumer = createConsumer(settings, {
        groupId: uniqueName('group'),
        topics: [topic],
        fromBeginning: true,
        sessionTimeoutMs: 6_000,
        onBatch: ({ records }) => {
          seen.push(...records.map(({ value }) => Number(text(value))));
          return Promise.resolve();
        },
      });
      toClose.push(consumer);
      await consumer.start();
      const producer = await createProducer(settings);
      toClose.push(producer);
      const acknowledged: number[] = [];
      let producing = true;
      const load = (async (): Promise<void> => {
        for (let n = 0; producing; n += 1) {
          await producer.send([{ topic, key: null, value: utf8(`${n}`) }]);
          acknowledged.push(n);
        }
      })();
      await eventually('some records', () => seen.length > 50);
      await crashAndRestart();
      const before = acknowledged.length;
      await eventually('producing to go on', () => acknowledged.length > before + 50);
      producing = false;
      await load;
      await eventually('the last record', () => seen.includes(acknowledged.at(-1) ?? -1));
      const distinct = new Set(seen);
      assert.deepEqual(
        acknowledged.filter((n) => !distinct.has(n)),
        [],
        'acknowledged and lost',
      );
      // A batch may be handled twice after a crash; the first time each is handled, all before it were.
      const firsts = [...distinct];
      assert.deepEqual(
        firsts,
        [...firsts].sort((a, b) => a - b),
      );
      assert.ok(consumer.running);
      await consumer.close();
      await producer.close();
    });

    test('a consumer that has lost its broker says so, and closes without waiting for it', async () => {
      const settings = settingsFor(engine);
      const topic = uniqueName('outage');
      const admin = await createAdmin(settings);
      await admin.createTopic({ name: topic, partitions: 1 });
      await admin.close();
      const consumer = createConsumer(settings, {
        groupId: uniqueName('group'),
        topics: [topic, /^nothing-matches-this$/],
        onBatch: () => Promise.resolve(),
      });
      toClose.push(consumer);
      await consumer.start();
      await engine.crash();
      try {
        await eventually('not running', () => !consumer.running);
        const start = clock.monotonic();
        await consumer.close();
        assert.ok(clock.monotonic() - start < 10_000);
      } finally {
        await engine.restart();
      }
    });

    test('the key topic follows on by itself, and what cannot be appended meanwhile is refused as retriable', async () => {
      const topic = await openKeyTopic(settingsFor(engine), quickKeyTopic({ partitions: 2 }));
      toClose.push(topic);
      const seen: string[] = [];
      await topic.follow(onlyRecords((records) => seen.push(...records.map(({ key }) => text(key)))));
      await topic.append(0, [{ key: utf8('before'), value: utf8('v') }]);
      await topic.caughtUp(0);
      const brief = await openKeyTopic(settingsFor(engine), quickKeyTopic({ deleteRetentionMs: 1_500 }));
      toClose.push(brief);
      const course: string[] = [];
      await brief.append(0, [{ key: utf8('living'), value: utf8('v') }]);
      await brief.follow({
        records: (records) => course.push(...records.map(({ key }) => text(key))),
        restarted: (partition) => course.push(`restarted ${partition}`),
        replayed: (partition) => course.push(`replayed ${partition}`),
      });
      await engine.crash();
      const crashedAt = clock.monotonic();
      course.length = 0;
      await assert.rejects(
        topic.append(1, [{ key: utf8('meanwhile'), value: utf8('v') }]),
        (error) =>
          error instanceof KafkaClientError && error.retriable && error.code === 'KEY_TOPIC_UNAVAILABLE',
      );
      for (const partition of [0, 1]) assert.ok((topic.heard(partition)?.monotonic ?? 0) <= crashedAt);
      await engine.restart();
      const offset = await topic.append(1, [{ key: utf8('after'), value: utf8('v') }]);
      await topic.reached(1, offset);
      await topic.caughtUp(0);
      assert.deepEqual(seen, ['before', 'after']);
      // Down for longer than tombstones of the other topic stand: it was read anew.
      await eventually('the new reading', () => course.includes('replayed 0'));
      assert.deepEqual(course.filter((line) => !/[12]$/.test(line)).slice(0, 3), [
        'restarted 0',
        'living',
        'replayed 0',
      ]);
      await brief.close();
      for (const partition of [0, 1])
        await eventually('it being heard', () => (topic.heard(partition)?.monotonic ?? 0) > crashedAt);
      await topic.close();
    });
  });
}
