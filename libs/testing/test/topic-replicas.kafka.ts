import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createDirectClient, openKeyTopic, openTopicWindow, type DirectClient } from '@oubliette/kafka';
import { quickKeyTopic } from '@oubliette/kafka/testing';
import { openKeyring, type Keyring } from '@oubliette/keyring';
import { testMasterKeys } from '@oubliette/keyring/testing';
import { ForgettingService, unseenReplicas, type ErasedTopic, type Erasure } from '@oubliette/privacy';
import { InMemoryStores } from '@oubliette/privacy/testing';
import { sleep, SystemClock, SystemEntropy } from '@oubliette/runtime';
import { writeRecordKey } from '@oubliette/serde';
import { KafkaCluster, temporaryDirectory } from '@oubliette/testing';
import { quickRetention } from './quick-config.js';

const clock = new SystemClock();
const topics: readonly ErasedTopic[] = [
  { topic: 'addresses', way: 'tombstone' },
  { topic: 'visits', way: 'expiry' },
];
const common = {
  'segment.ms': '2000',
  'file.delete.delay.ms': '1000',
  'message.timestamp.type': 'LogAppendTime',
};
const configs = {
  addresses: {
    ...common,
    'cleanup.policy': 'compact',
    'max.compaction.lag.ms': '2000',
    'min.cleanable.dirty.ratio': '0',
  },
  visits: { ...common, 'cleanup.policy': 'delete', 'retention.ms': '8000' },
};
const away = 3;

describe('records of topics on three brokers of Apache Kafka', () => {
  const directory = temporaryDirectory('oubliette-topic-replicas-');
  const stores = new InMemoryStores();
  let cluster: KafkaCluster;
  let client: DirectClient;
  let keyring: Keyring;
  let service: ForgettingService;

  before(async () => {
    cluster = await KafkaCluster.start({ workDir: directory.path, config: quickRetention });
    const settings = { brokers: [...cluster.bootstraps], clientId: 'ways', clock };
    client = createDirectClient(settings);
    for (const { topic } of topics) {
      const name = topic as keyof typeof configs;
      const safe = { ...configs[name], 'min.insync.replicas': '2' };
      await client.createTopic({ name, partitions: 1, replicationFactor: 3, configs: safe });
    }
    const keyTopic = quickKeyTopic({ topic: 'keys', partitions: 1, replicationFactor: 3 });
    const entropy = new SystemEntropy();
    const log = await openKeyTopic(settings, keyTopic);
    keyring = await openKeyring({ log, masterKeys: await testMasterKeys(), clock, entropy });
    service = new ForgettingService({
      keyring,
      store: stores.erasures,
      log: stores.log,
      window: log,
      openTopic: (topic) => openTopicWindow(settings, topic),
      clock,
      entropy,
      patienceMs: 20_000,
    });
    await service.resume(topics);
  });
  after(async () => {
    await service.close();
    await keyring.close();
    await client.close();
    await cluster.dispose();
    directory.remove();
  });

  async function until<T>(what: string, ask: () => Promise<T | null> | T | null): Promise<T> {
    const giveUpAt = clock.monotonic() + 90_000;
    for (;;) {
      const answer = await ask();
      if (answer !== null) return answer;
      assert.ok(clock.monotonic() < giveUpAt, `${what}: not within 90 s`);
      await sleep(clock, 100);
    }
  }

  /** In which brokers' files these bytes stand. */
  const holders = (value: Uint8Array): number[] =>
    [1, 2, 3].filter((id) =>
      readdirSync(cluster.dataDir(id), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .some((entry) => readIfThere(join(entry.parentPath, entry.name)).includes(Buffer.from(value))),
    );

  const find = async (id: string, holds: (erasure: Erasure) => boolean): Promise<Erasure | null> => {
    const erasure = await service.find(id);
    return erasure !== null && holds(erasure) ? erasure : null;
  };

  test('a replica that is away for the whole erasure keeps them, is named in each way, and gives them up when it is back', async () => {
    const values = new Map<string, Uint8Array>();
    await keyring.ensureKeys(['ada', 'ben'].map((userId) => keyring.userRef(userId)));
    for (const { topic } of topics)
      for (const userId of ['ada', 'ben']) {
        const value = new Uint8Array(40);
        new SystemEntropy().fill(value);
        values.set(`${userId} ${topic}`, value);
        const key = writeRecordKey(keyring.userRef(userId), 1, '0f'.repeat(16));
        await client.produceBatch(topic, 0, [{ key, value }]);
      }
    const [address, visit] = topics.map(({ topic }) => values.get(`ada ${topic}`)!);
    assert.ok(address !== undefined && visit !== undefined);
    for (const value of [address, visit])
      await until('a record at each', () => (holders(value).length === 3 ? true : null));
    await cluster.kill(away);
    // Else what follows would prove nothing.
    assert.ok(holders(visit).includes(away));
    const { erasureId } = await until('forgotten', () => service.request('ada').catch(() => null));
    const erased = await until('erased', () => find(erasureId, ({ state }) => state === 'erased'));
    for (const { topic, evidence } of erased.topics)
      assert.deepEqual(
        [topic, evidence?.[0]?.unseen, evidence?.[0]?.passes.map(({ replica }) => replica).sort()],
        [topic, [{ replica: away, why: 'down' }], [1, 2]],
      );
    assert.deepEqual(holders(address), [away]);
    assert.deepEqual(holders(visit), [away]);
    await cluster.restart(away);
    const seen = await until('seen', () => find(erasureId, (one) => unseenReplicas(one).length === 0));
    for (const { evidence } of seen.topics)
      assert.deepEqual(evidence?.[0]?.passes.map(({ replica }) => replica).sort(), [1, 2, 3]);
    assert.deepEqual([holders(address), holders(visit)], [[], []]);
    assert.deepEqual(holders(values.get('ben addresses')!), [1, 2, 3]);
    assert.equal(seen.note, 'no key record and no record left');
  });
});

/** A file may be unlinked while the directory is read. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
