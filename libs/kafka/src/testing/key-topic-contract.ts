import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { StoredKeyLogRecord } from '@oubliette/keyring';
import {
  keyLogContract,
  keyringContract,
  keptRecord,
  onlyRecords,
  type KeyTopicHarness,
} from '@oubliette/keyring/testing';
import { createAdmin } from '../admin/create-admin.js';
import { KafkaClientError } from '../errors.js';
import type { KeyTopic } from '../key-topic/key-topic.js';
import { drift, keyTopicConfigs } from '../key-topic/key-topic-configs.js';
import { openKeyTopic, type OpenKeyTopicOptions } from '../key-topic/open-key-topic.js';
import type { KeyTopicSettings, TopicAdmin } from '../ports.js';
import { openCuttableKeyTopic } from './cuttable-key-topic.js';
import { clock, settingsFor, uniqueName, type Engine } from './engine.js';
import { eventually } from './eventually.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes);
const told = (records: readonly StoredKeyLogRecord[]): string[] =>
  records.map(({ partition, key, value }) => `${partition} ${text(key)}=${text(value)}`);

/** Settings of a key topic for tests: everything within seconds. */
export function quickKeyTopic(changes: Partial<KeyTopicSettings> = {}): KeyTopicSettings {
  return {
    topic: uniqueName('keys'),
    partitions: 3,
    segmentMs: 1_000,
    maxCompactionLagMs: 1_000,
    fileDeleteDelayMs: 1_000,
    deleteRetentionMs: 60_000,
    ...changes,
  };
}

/** What every engine must do for the key topic. Its cleaner must look often: `log.cleaner.backoff.ms` of a second or less. */
export function keyTopicContract(engine: Engine): void {
  const opened: KeyTopic[] = [];
  const open = async (settings: KeyTopicSettings, options: OpenKeyTopicOptions = {}): Promise<KeyTopic> => {
    const topic = await openKeyTopic(settingsFor(engine), settings, options);
    opened.push(topic);
    return topic;
  };
  const withAdmin = async <T>(work: (admin: TopicAdmin) => Promise<T>): Promise<T> => {
    const admin = await createAdmin(settingsFor(engine));
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  };

  describe(`the key topic on ${engine.name}`, () => {
    // What a failing test left open would keep the process alive.
    after(() => Promise.all(opened.map((topic) => topic.close())));

    test('it is made with guarded settings, and opening it again changes nothing', async () => {
      const settings = quickKeyTopic();
      await (await open(settings)).close();
      const again = await open(settings);
      const [description] = await withAdmin((admin) => admin.describeTopics([settings.topic]));
      assert.deepEqual(drift(keyTopicConfigs(settings, 1), description?.configs ?? {}), {});
      assert.equal(description?.partitions.length, 3);
      const inForce = await again.settings();
      assert.ok(inForce.cleanerBackoffMs > 0);
      assert.deepEqual(
        { ...inForce, cleanerBackoffMs: 0 },
        {
          segmentMs: 1_000,
          maxCompactionLagMs: 1_000,
          deleteRetentionMs: 60_000,
          fileDeleteDelayMs: 1_000,
          cleanerBackoffMs: 0,
          minCleanableDirtyRatio: 0,
          logAppendTime: true,
          timestampAfterMaxMs: 0,
        },
      );
      await again.close();
    });

    test('a topic that deletes, or has another number of partitions, is refused and left alone', async () => {
      const settings = quickKeyTopic();
      await withAdmin(async (admin) => {
        for (const policy of ['delete', 'compact,delete']) {
          const topic = uniqueName('unsafe');
          await admin.createTopic({ name: topic, partitions: 3, configs: { 'cleanup.policy': policy } });
          await assert.rejects(open({ ...settings, topic }), {
            code: 'KEY_TOPIC_UNSAFE',
            message: /cleanup\.policy/,
          });
          assert.equal((await admin.describeTopics([topic]))[0]?.configs['cleanup.policy'], policy);
        }
        await admin.createTopic({
          name: settings.topic,
          partitions: 2,
          configs: { 'cleanup.policy': 'compact' },
        });
        await assert.rejects(open(settings), { code: 'KEY_TOPIC_UNSAFE', message: /2 partitions/ });
      });
    });

    test('drifted settings are set again, one by one, and others stay', async () => {
      const settings = quickKeyTopic();
      await (await open(settings)).close();
      await withAdmin(async (admin) => {
        await admin.setTopicConfigs(settings.topic, {
          'segment.ms': '600000',
          'index.interval.bytes': '2048',
        });
        const configs = async (): Promise<Readonly<Record<string, string>>> =>
          (await admin.describeTopics([settings.topic]))[0]?.configs ?? {};
        await eventually('the drift', async () => (await configs())['segment.ms'] === '600000');
        await (await open(settings, { create: false })).close();
        assert.equal((await configs())['segment.ms'], '600000', 'who only reads changes nothing');
        await (await open(settings)).close();
        await eventually('the repair', async () => (await configs())['segment.ms'] === '1000');
        assert.equal((await configs())['cleanup.policy'], 'compact');
        assert.equal((await configs())['index.interval.bytes'], '2048');
      });
    });

    test('who only reads makes no topic', async () => {
      const settings = quickKeyTopic();
      await assert.rejects(open(settings, { create: false }), { code: 'KEY_TOPIC_MISSING' });
      assert.ok(!(await withAdmin((admin) => admin.listTopics())).includes(settings.topic));
    });

    test('a batch stands together, in order, stamped by the log, and every follower reads it', async () => {
      const settings = quickKeyTopic();
      const writer = await open(settings);
      const key = Uint8Array.of(0, 255, 1, 254);
      await writer.append(1, [{ key: utf8('a'), value: utf8('old') }]);
      const first = await writer.append(1, [
        { key, value: Uint8Array.of(0, 200, 255) },
        { key: utf8('a'), value: null },
        { key: utf8('b'), value: utf8('') },
      ]);
      assert.equal(first, 1n);
      const records: StoredKeyLogRecord[] = [];
      const reader = await open(settings);
      await reader.follow(onlyRecords((more) => records.push(...more.map(keptRecord))));
      assert.deepEqual(
        records.map(({ partition, offset }) => `${partition}/${offset}`),
        ['1/0', '1/1', '1/2', '1/3'],
        'all that stood is there when follow resolves',
      );
      assert.deepEqual(Uint8Array.from(records[1]?.key ?? []), key);
      assert.deepEqual(Uint8Array.from(records[1]?.value ?? []), Uint8Array.of(0, 200, 255));
      assert.equal(records[2]?.value, null);
      assert.equal(records[3]?.value?.length, 0);
      const stamps = new Set(records.slice(1).map(({ timestamp }) => timestamp));
      assert.equal(stamps.size, 1, 'one batch, one append time');
      assert.ok(Math.abs((records[1]?.timestamp ?? 0) - clock.now()) < 60_000);
      const live = await writer.append(2, [{ key: utf8('c'), value: utf8('live') }]);
      await reader.reached(2, live);
      assert.equal(told(records).at(-1), '2 c=live');
      await writer.close();
      await reader.close();
    });

    test('caughtUp is a barrier: what others appended before it was called is there when it resolves', async () => {
      const settings = quickKeyTopic({ partitions: 2 });
      const writer = await open(settings);
      const reader = await open(settings);
      const seen = new Set<string>();
      await reader.follow(onlyRecords((more) => more.forEach(({ key }) => seen.add(text(key) ?? ''))));
      await reader.caughtUp(0);
      for (let round = 0; round < 20; round += 1) {
        await writer.append(round % 2, [{ key: utf8(`k${round}`), value: utf8('v') }]);
        await reader.caughtUp(round % 2);
        assert.ok(seen.has(`k${round}`), `round ${round}`);
      }
      await writer.close();
      await reader.close();
    });

    test('concurrent appends from two writers all stand, each batch unbroken', async () => {
      const settings = quickKeyTopic({ partitions: 1, segmentMs: 600_000 });
      const writers = [await open(settings), await open(settings)];
      const batches = writers.flatMap((writer, w) =>
        Array.from({ length: 25 }, (_, b) =>
          writer.append(
            0,
            [0, 1, 2].map((i) => ({ key: utf8(`${w}-${b}-${i}`), value: utf8('v') })),
          ),
        ),
      );
      const offsets = await Promise.all(batches);
      assert.equal(new Set(offsets).size, 50);
      const keys: string[] = [];
      for await (const { key } of (writers[0] as KeyTopic).scan(0)) keys.push(key);
      assert.equal(keys.length, 150);
      for (let at = 0; at < keys.length; at += 3) {
        const batch = keys[at]?.slice(0, -2);
        assert.deepEqual(keys.slice(at, at + 3), [`${batch}-0`, `${batch}-1`, `${batch}-2`]);
      }
      for (const writer of writers) await writer.close();
    });

    test('progress is told until everything is loaded', async () => {
      const settings = quickKeyTopic();
      const writer = await open(settings);
      for (const partition of [0, 1, 2])
        await writer.append(
          partition,
          Array.from({ length: 100 }, (_, i) => ({ key: utf8(`${i}`), value: utf8('v') })),
        );
      await writer.close();
      const progress: { read: bigint; total: bigint }[] = [];
      const reader = await open(settings, { onProgress: (told) => progress.push(told) });
      await reader.follow(onlyRecords(() => undefined));
      await reader.close();
      assert.deepEqual(progress.at(-1), { read: 300n, total: 300n });
    });

    test('after closing, everything is refused and nothing hangs', async () => {
      const topic = await open(quickKeyTopic());
      await topic.follow(onlyRecords(() => undefined));
      const waiting = assert.rejects(topic.reached(0, 1_000n), { code: 'KEY_TOPIC_CLOSED' });
      await topic.close();
      await waiting;
      const closed = (error: unknown): boolean =>
        error instanceof KafkaClientError && error.code === 'KEY_TOPIC_CLOSED';
      await assert.rejects(topic.append(0, [{ key: utf8('a'), value: null }]), closed);
      await assert.rejects(topic.caughtUp(0), closed);
      await topic.close();
    });

    test('a tombstone and nudges after the segment time remove the value from the log; living keys stay', async () => {
      const settings = quickKeyTopic({ partitions: 1, deleteRetentionMs: 1_000 });
      const topic = await open(settings);
      await topic.append(0, [
        { key: utf8('forgotten'), value: utf8('secret') },
        { key: utf8('living'), value: utf8('stays') },
      ]);
      await topic.append(0, [{ key: utf8('forgotten'), value: null }]);
      const standing = async (): Promise<string[]> => {
        const keys: string[] = [];
        for await (const { key, tombstone } of topic.scan(0)) keys.push(tombstone ? `${key} †` : key);
        return keys;
      };
      assert.deepEqual(await standing(), ['forgotten', 'living', 'forgotten †']);
      let nextNudge = clock.monotonic() + settings.segmentMs;
      await eventually(
        'the value gone',
        async () => {
          if (clock.monotonic() > nextNudge) {
            await topic.nudge(0);
            nextNudge = clock.monotonic() + settings.segmentMs;
          }
          return !(await standing()).includes('forgotten');
        },
        30_000,
      );
      assert.ok((await standing()).includes('living'));
      const again = await topic.read(0, [1n, 0n]);
      assert.deepEqual(
        again.map((record) => record && text(record.value)),
        ['stays', null],
      );
      // A follower that comes now sees the tombstone or nothing, never the value, and is not stuck in the gaps.
      const late = await open(settings);
      const records: StoredKeyLogRecord[] = [];
      await late.follow(onlyRecords((more) => records.push(...more.map(keptRecord))));
      assert.ok(!told(records).includes('0 forgotten=secret'));
      assert.ok(told(records).includes('0 living=stays'));
      await late.close();
      await topic.close();
    });

    test('a tombstone that was cleaned away while a process heard nothing is seen as absence', async () => {
      const settings = quickKeyTopic({ partitions: 1, deleteRetentionMs: 2_000 });
      const writer = await open(settings);
      await writer.append(0, [
        { key: utf8('forgotten'), value: utf8('secret') },
        { key: utf8('living'), value: utf8('stays') },
      ]);
      const { topic: reader, link } = await openCuttableKeyTopic(settingsFor(engine), settings);
      opened.push(reader);
      const standing = new Map<string, string | null>();
      const told: string[] = [];
      await reader.follow({
        records: (records) => records.forEach(({ key, value }) => standing.set(text(key) ?? '', text(value))),
        restarted: () => {
          told.push('restarted');
          standing.clear();
        },
        replayed: () => told.push('replayed'),
      });
      assert.equal(standing.get('forgotten'), 'secret');
      link.cut();
      const last = reader.heard(0);
      told.length = 0;
      await writer.append(0, [{ key: utf8('forgotten'), value: null }]);
      let nextNudge = clock.monotonic() + settings.segmentMs;
      await eventually(
        'the tombstone gone',
        async () => {
          if (clock.monotonic() > nextNudge) {
            await writer.nudge(0);
            nextNudge = clock.monotonic() + settings.segmentMs;
          }
          for await (const { key } of writer.scan(0)) if (key === 'forgotten') return false;
          return true;
        },
        30_000,
      );
      assert.deepEqual(reader.heard(0), last, 'nothing was heard');
      assert.equal(standing.get('forgotten'), 'secret', 'and nothing given');
      link.mend();
      await eventually('the key gone', () => told.includes('replayed') && !standing.has('forgotten'));
      assert.deepEqual(told.slice(0, 2), ['restarted', 'replayed']);
      assert.equal(standing.get('living'), 'stays');
      await eventually('it being heard', () => (reader.heard(0)?.monotonic ?? 0) > (last?.monotonic ?? 0));
      await reader.close();
      await writer.close();
    });

    test('a topic that was deleted and made anew is not taken for the same, however much is in it', async () => {
      const settings = quickKeyTopic({ partitions: 1 });
      const topic = await open(settings);
      await topic.append(0, [{ key: utf8('a'), value: utf8('v') }]);
      await topic.follow(onlyRecords(() => undefined));
      await withAdmin(async (admin) => {
        await admin.deleteTopic(settings.topic);
        await eventually('the deletion', async () => !(await admin.listTopics()).includes(settings.topic));
      });
      const anew = await open(settings);
      for (const key of ['x', 'y', 'z']) await anew.append(0, [{ key: utf8(key), value: utf8('v') }]);
      await eventually('the refusal', async () => {
        const outcome = await topic.caughtUp(0).then(
          () => null,
          (error: unknown) => error,
        );
        return outcome instanceof KafkaClientError && outcome.code === 'KEY_TOPIC_UNSAFE';
      });
      assert.equal(topic.heard(0), null);
      await anew.close();
      await topic.close();
    });

    // Nothing is compacted away under the eyes of these: that has its own test above.
    const makeHarness = (): Promise<KeyTopicHarness> => {
      const settings = quickKeyTopic({ partitions: 4, segmentMs: 600_000, maxCompactionLagMs: 600_000 });
      return Promise.resolve({ open: () => open(settings), dispose: () => Promise.resolve() });
    };
    keyLogContract('as a key log', makeHarness);
    keyringContract('under a keyring', makeHarness);
  });
}
