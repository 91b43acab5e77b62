import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createDirectClient,
  openKeyTopic,
  openTopicWindow,
  type KafkaSettings,
  type KeyTopic,
  type KeyTopicSettings,
} from '@oubliette/kafka';
import { openKeyring, type Keyring } from '@oubliette/keyring';
import { onlyRecords, testMasterKeys } from '@oubliette/keyring/testing';
import { sleep, SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { writeRecordKey } from '@oubliette/serde';
import { ForgettingService } from '../forgetting/forgetting-service.js';
import { silentLogger } from '../logger.js';
import type { TopicWindow } from '../ports.js';
import { LogDirKeyFiles } from '../verification/key-files.js';
import type { InMemoryErasureStore } from './in-memory-erasure-store.js';
import { InMemoryStores } from './in-memory-stores.js';

/** A running cluster with one broker, and where its logs stand. */
export interface ForgettingEngine {
  readonly name: string;
  bootstrap(): string;
  dataDir(): string;
}

const clock = new SystemClock();

/**
 * Forgetting on a real engine, proved at the bytes: what is *erased* stands in no file of the broker, within the bound,
 * and everybody else's key stands. Give the broker a short log.cleaner.backoff.ms and
 * log.retention.check.interval.ms.
 */
export function forgettingContract(engine: ForgettingEngine): void {
  test(`forgetting on ${engine.name}: the bytes of a key leave every file within the bound`, async () => {
    const d = await open(engine, 'bytes');
    try {
      const users = ['ada', ...Array.from({ length: 20 }, (_, index) => `user-${index}`)];
      await d.keyring.ensureKeys([...users, 'stays'].map((userId) => d.keyring.userRef(userId)));
      const kept = await wrappedKeys(d.watch, d.keyring, 'stays');
      const wrapped = await wrappedKeys(d.watch, d.keyring, ...users);
      assert.equal(wrapped.length, users.length);
      // Else what follows would prove nothing.
      assert.equal(found(engine, wrapped), wrapped.length);
      const erasures = await Promise.all(users.map((userId) => d.service.request(userId)));
      for (const { state, erasureId, forgottenAt, boundMs } of erasures) {
        assert.equal(state, 'forgotten');
        assert.ok(boundMs !== null && forgottenAt !== null);
        await untilErased(d.store, erasureId, forgottenAt + boundMs);
      }
      assert.equal(found(engine, wrapped), 0);
      assert.equal(found(engine, kept), 1);
      const [erasure] = erasures;
      const files = (await d.store.get(erasure?.erasureId ?? ''))?.evidence?.files ?? [];
      assert.deepEqual(
        files.map(({ replica, outcome }) => [replica, outcome]),
        [[1, 'clean']],
      );
      assert.ok(files[0]?.segments.every(({ file }) => /-\d\/\d{20}\.log$/.test(file)));
      assert.notEqual(files[0]?.segments.length, 0);
    } finally {
      await d.close();
    }
  });

  test(`forgetting on ${engine.name}: a copy of a segment, made by somebody, holds up the erasure and is named`, async () => {
    const d = await open(engine, 'copy');
    try {
      const userRef = d.keyring.userRef('ada');
      await d.keyring.ensureKeys([userRef]);
      const directory = join(engine.dataDir(), `${d.name}-${d.keyring.partitionOf(userRef)}`);
      const copy = join(directory, 'somebodys-copy');
      copyFileSync(join(directory, `${'0'.repeat(20)}.log`), copy);
      const { erasureId, boundMs } = await d.service.request('ada');
      assert.ok(boundMs !== null);
      const named = /^blocked: a key stands in .*\/somebodys-copy of broker 1, /;
      const heldBy = clock.now() + 2 * boundMs;
      while (!named.test((await d.store.get(erasureId))?.note ?? '')) {
        assert.ok(clock.now() <= heldBy, 'the copy is not named');
        await sleep(clock, 50);
      }
      assert.equal((await d.store.get(erasureId))?.state, 'forgotten');
      rmSync(copy);
      await untilErased(d.store, erasureId, clock.now() + boundMs);
    } finally {
      await d.close();
    }
  });

  test(`forgetting on ${engine.name}: a key record that lands after the fence is erased with the others`, async () => {
    const d = await open(engine, 'late');
    try {
      const userRef = d.keyring.userRef('ada');
      await d.keyring.ensureKeys([userRef]);
      const [late] = await d.watch.recordsOf(userRef);
      assert.ok(late?.value);
      const { erasureId, boundMs } = await d.service.request('ada');
      await d.watch.log.append(d.keyring.partitionOf(userRef), [late]);
      assert.ok(boundMs !== null);
      // Its own wait begins when it is found.
      await untilErased(d.store, erasureId, clock.now() + 2 * boundMs);
      assert.equal(found(engine, [late.value]), 0);
      assert.deepEqual(d.keyring.deadRecords(), []);
    } finally {
      await d.close();
    }
  });

  test(`forgetting on ${engine.name}: by tombstones and by expiry the records themselves leave every file within the bound`, async () => {
    const d = await open(engine, 'ways');
    const client = createDirectClient(d.settings);
    try {
      const topics = [
        { topic: `${d.name}.addresses`, way: 'tombstone', configs: { ...topicConfigs, ...compacted } },
        { topic: `${d.name}.visits`, way: 'expiry', configs: { ...topicConfigs, ...expiring } },
      ] as const;
      for (const { topic: name, configs } of topics)
        await client.createTopic({ name, partitions: 2, replicationFactor: 1, configs });
      await d.service.resume(topics.map(({ topic, way }) => ({ topic, way })));
      const records = (userId: string): { key: Uint8Array; value: Uint8Array }[] =>
        ['home', 'work'].map((name) => ({
          key: writeRecordKey(d.keyring.userRef(userId), 1, createHash('md5').update(name).digest('hex')),
          value: randomValue(),
        }));
      const of = new Map(['ada', 'ben', 'stays'].map((userId) => [userId, records(userId)]));
      await d.keyring.ensureKeys([...of.keys()].map((userId) => d.keyring.userRef(userId)));
      for (const { topic } of topics) for (const own of of.values()) await client.produceBatch(topic, 1, own);
      const values = (...userIds: readonly string[]): Uint8Array[] =>
        userIds.flatMap((userId) => of.get(userId)!.map(({ value }) => value));
      // Else what follows would prove nothing.
      assert.equal(found(engine, values('ada', 'ben', 'stays')), 6);
      const erasures = await Promise.all(['ada', 'ben'].map((userId) => d.service.request(userId)));
      for (const { erasureId, forgottenAt, boundMs } of erasures) {
        assert.ok(boundMs !== null && forgottenAt !== null);
        await untilErased(d.store, erasureId, forgottenAt + boundMs);
        const evidence = (await d.store.get(erasureId))?.topics.map((topic) => topic.evidence?.[1]);
        assert.deepEqual(
          evidence?.map((seen) => [seen?.tombstones, seen?.mark, seen?.unseen]),
          [
            [2, null, []],
            [0, '6', []],
          ],
        );
      }
      assert.equal(found(engine, values('ada', 'ben')), 0);
      // Retention takes everybody's; compaction took none of who stays.
      assert.equal(found(engine, values('stays')), 2);
    } finally {
      await client.close();
      await d.close();
    }
  });
}

/** A topic of the application whose records end with their user. Times in ms. */
const topicConfigs = {
  'segment.ms': '1000',
  'file.delete.delay.ms': '500',
  'message.timestamp.type': 'LogAppendTime',
};
const compacted = {
  'cleanup.policy': 'compact',
  'max.compaction.lag.ms': '1000',
  'min.cleanable.dirty.ratio': '0',
};
const expiring = { 'cleanup.policy': 'delete', 'retention.ms': '2000' };

interface Deployment {
  readonly settings: KafkaSettings;
  /** Of its key topic; nobody else has it. */
  readonly name: string;
  readonly keyring: Keyring;
  readonly service: ForgettingService;
  readonly store: InMemoryErasureStore;
  readonly watch: Watch;
  close(): Promise<void>;
}

async function open(engine: ForgettingEngine, what: string): Promise<Deployment> {
  const settings: KafkaSettings = { brokers: [engine.bootstrap()], clientId: 'forgetting', clock };
  const keyTopic: KeyTopicSettings = {
    topic: `contract.forgetting.${what}.${Math.floor(clock.now()).toString(36)}`,
    partitions: 3,
    replicationFactor: 1,
    segmentMs: 1_000,
    maxCompactionLagMs: 1_000,
    fileDeleteDelayMs: 500,
    deleteRetentionMs: 86_400_000,
  };
  const entropy = new SystemEntropy();
  // The keyring owns its log; forgetting looks through a window of its own, as another process might.
  const window = await openKeyTopic(settings, keyTopic);
  const watch = new Watch(await openKeyTopic(settings, keyTopic));
  const keyring = await openKeyring({
    log: await openKeyTopic(settings, keyTopic),
    masterKeys: await testMasterKeys(),
    clock,
    entropy,
  });
  await watch.start();
  const { erasures: store, log } = new InMemoryStores();
  const openTopic = (topic: string): TopicWindow => openTopicWindow(settings, topic);
  const files = new LogDirKeyFiles({
    disk: new SystemDisk(),
    clock,
    logger: silentLogger,
    keyTopic: keyTopic.topic,
    logDirs: [engine.dataDir()],
  });
  const service = new ForgettingService({ keyring, store, log, window, openTopic, clock, entropy, files });
  return {
    settings,
    name: keyTopic.topic,
    keyring,
    service,
    store,
    watch,
    close: async () => {
      await service.close();
      await keyring.close();
      await watch.log.close();
      await window.close();
    },
  };
}

/** A reader that remembers every key record with a value. */
class Watch {
  readonly #records: { key: Uint8Array; value: Uint8Array }[] = [];

  constructor(readonly log: KeyTopic) {}

  start(): Promise<void> {
    return this.log.follow(
      onlyRecords((records) => {
        for (const { key, value } of records) {
          if (value !== null)
            this.#records.push({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
        }
      }),
    );
  }

  async recordsOf(userRef: string): Promise<readonly { key: Uint8Array; value: Uint8Array }[]> {
    for (let partition = 0; partition < this.log.partitionCount; partition++)
      await this.log.caughtUp(partition);
    return this.#records.filter(({ key }) => Buffer.from(key).toString('latin1').startsWith(`${userRef}#`));
  }
}

async function wrappedKeys(
  watch: Watch,
  keyring: Keyring,
  ...userIds: readonly string[]
): Promise<Uint8Array[]> {
  const records = await Promise.all(userIds.map((userId) => watch.recordsOf(keyring.userRef(userId))));
  return records.flat().map(({ value }) => value);
}

async function untilErased(store: InMemoryErasureStore, erasureId: string, before: number): Promise<void> {
  for (;;) {
    const erasure = await store.get(erasureId);
    if (erasure?.state === 'erased') return;
    assert.ok(clock.now() <= before, `still ${erasure?.state} (${erasure?.note}) at the end of its bound`);
    await sleep(clock, 50);
  }
}

function randomValue(): Uint8Array {
  const value = new Uint8Array(40);
  new SystemEntropy().fill(value);
  return value;
}

/** How many of these byte strings stand in any file below the broker's data directory. */
function found(engine: ForgettingEngine, needles: readonly Uint8Array[]): number {
  const files = readdirSync(engine.dataDir(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readIfThere(join(entry.parentPath, entry.name)));
  return needles.filter((needle) => files.some((file) => file.includes(Buffer.from(needle)))).length;
}

/** A file may be unlinked while the directory is read. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
