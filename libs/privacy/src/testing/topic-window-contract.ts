import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyLogRecord } from '@oubliette/keyring';
import { readCleanupSettings } from '../guard/cleanup-settings.js';
import type { TopicWindow } from '../ports.js';

/** An empty compacted topic of two partitions, and how to write to it. */
export interface TopicWindowUnderTest {
  readonly window: TopicWindow;
  readonly append: (partition: number, records: readonly KeyLogRecord[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const record = (key: string): KeyLogRecord => ({ key: Buffer.from(key), value: Buffer.of(1) });

/** What every TopicWindow must do beside what every LogWindow does. `factory` gives an empty topic each time. */
export function topicWindowContract(name: string, factory: () => Promise<TopicWindowUnderTest>): void {
  const check = (what: string, work: (under: TopicWindowUnderTest) => Promise<void>): void => {
    test(`topic window: ${name}: ${what}`, async () => {
      const under = await factory();
      try {
        await work(under);
      } finally {
        await under.close();
      }
    });
  };

  check('its partitions, in order', async ({ window }) => {
    assert.deepEqual(await window.partitions(), [0, 1]);
  });

  check('what is buried has a record without a value behind it, in its own partition', async (under) => {
    const { window, append } = under;
    await append(1, [record('a'), record('b')]);
    await window.bury(1, ['a', 'b']);
    const [leader] = (await window.replicas(1)).filter(({ isLeader }) => isLeader);
    const seen: string[] = [];
    const { records } = await window.readReplica(1, leader!.broker);
    for await (const { key, tombstone } of records) seen.push(`${key}${tombstone ? ' †' : ''}`);
    assert.deepEqual(seen, ['a', 'b', 'a †', 'b †']);
    assert.equal(await window.end(0), 0n);
  });

  check('each replica says from where to where its log goes', async ({ window, append }) => {
    await append(0, [record('a'), record('b')]);
    const end = await window.end(0);
    for (const { broker } of await window.replicas(0)) {
      assert.deepEqual(await window.extent(0, broker, end), { logStart: 0n, highWatermark: 2n });
      assert.equal(await window.extent(0, broker, 99n), null);
    }
    await assert.rejects(window.extent(0, 97, end));
  });

  check('the settings in force read as the guard reads them', async ({ window }) => {
    const { topic, broker } = await window.configs();
    const plain = (configs: ReadonlyMap<string, string | null>): Record<string, string> =>
      Object.fromEntries([...configs].flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
    const { segmentMs, cleanerBackoffMs, compacts } = readCleanupSettings(plain(topic), plain(broker));
    const settings = await window.settings();
    assert.deepEqual(
      [segmentMs, cleanerBackoffMs, compacts],
      [settings.segmentMs, settings.cleanerBackoffMs, true],
    );
  });
}
