import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import kafkajs from 'kafkajs';
import {
  openKeyTopic,
  silentLogger,
  type KafkaSettings,
  type KeyTopic,
  type KeyTopicSettings,
} from '@oubliette/kafka';
import { openKeyring, type Keyring } from '@oubliette/keyring';
import { onlyRecords, testMasterKeys } from '@oubliette/keyring/testing';
import {
  ForgettingService,
  LogDirKeyFiles,
  type Erasure,
  type ErasureStore,
  type KeyTopicWindow,
} from '@oubliette/privacy';
import { InMemoryStores } from '@oubliette/privacy/testing';
import { sleep, SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { KafkaCluster, temporaryDirectory } from '@oubliette/testing';

const clock = new SystemClock();
const partitions = 3;

/** Three brokers; what is killed comes back in the same test. */
describe('an erasure on three brokers of Apache Kafka', () => {
  const directory = temporaryDirectory('oubliette-replicas-');
  let cluster: KafkaCluster;
  const open: Scene[] = [];

  before(async () => {
    cluster = await KafkaCluster.start({
      workDir: directory.path,
      config: { 'log.cleaner.backoff.ms': '500', 'transaction.max.timeout.ms': '60000' },
    });
  });
  // What a test that failed left down.
  beforeEach(async () => {
    for (const id of [2, 3]) await cluster.restart(id);
  });
  after(async () => {
    for (const scene of open) await scene.close();
    await cluster.dispose();
    directory.remove();
  });

  async function scene(what: string, patienceMs: number): Promise<Scene> {
    const opened = await Scene.open(cluster, what, patienceMs);
    open.push(opened);
    return opened;
  }

  test('every replica is read from its own broker, and no file of any has the key', async () => {
    const s = await scene('all', 60_000);
    const { key, erasure } = await s.forget();
    const { note, evidence } = await s.untilErased(erasure.erasureId);
    assert.equal(note, 'no key record left');
    assert.deepEqual(filesOf(evidence), [1, 2, 3]);
    assert.deepEqual([...s.readFrom].sort(), [1, 2, 3]);
    for (const id of [1, 2, 3]) assert.equal(holds(cluster.dataDir(id), key), false, `broker ${id}`);
  });

  test('the leader killed while fence and tombstones are written: erased once, and seen when it is back', async () => {
    const s = await scene('writing', 5_000);
    const key = await s.enrol();
    const leader = await s.leader();
    let killed: Promise<void> | null = null;
    // It stands in the ledger, and the batch is about to be sent.
    s.onOpened = () => void (killed ??= cluster.kill(leader));
    // It may be told that this failed: it stands in the ledger then, and is carried out when another broker leads.
    const asked = await s.request().catch((error: unknown) => error);
    assert.ok(killed !== null);
    await (killed as Promise<void>);
    if (asked instanceof Error) assert.equal(Reflect.get(asked, 'retriable'), true, asked.message);
    await s.provesUnseen(await s.onlyErasure(), leader, key);
  });

  test('the leader killed between tombstone and nudge', async () => {
    const s = await scene('waiting', 5_000);
    const { key, erasure } = await s.forget();
    const leader = await s.leader();
    await cluster.kill(leader);
    await s.provesUnseen(erasure, leader, key);
  });

  test('the leader killed while it is being read', async () => {
    const s = await scene('reading', 5_000);
    const key = await s.enrol();
    const leader = await s.leader();
    let killed: Promise<void> | null = null;
    s.onRead = (broker) => {
      if (broker === leader) killed ??= cluster.kill(leader);
      return killed ?? Promise.resolve();
    };
    const erasure = await s.request();
    await s.provesUnseen(erasure, leader, key);
    assert.notEqual(killed, null);
  });

  test('a replica that is down for the whole erasure keeps the key, is named, and gives it up when it is back', async () => {
    const s = await scene('away', 5_000);
    const key = await s.enrol();
    const follower = (await s.leader()) === 3 ? 2 : 3;
    await cluster.kill(follower);
    await s.request().catch(() => null);
    await s.provesUnseen(await s.onlyErasure(), follower, key);
  });

  test('an open transaction is named with its producer; when it ends the erasure goes on', async () => {
    const s = await scene('transaction', 60_000);
    const kafka = new kafkajs.Kafka({ brokers: [...cluster.bootstraps], logLevel: kafkajs.logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: 'hangs', maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    try {
      await s.enrol();
      const transaction = await producer.transaction();
      const partition = s.partition;
      await transaction.send({ topic: s.topic, messages: [{ partition, key: '!other', value: 'x' }] });
      const { erasureId } = await s.request();
      const blocked = await s.untilNote(erasureId, /^blocked: /);
      assert.match(blocked, /^blocked: open transaction of producer \d+ since offset \d+$/);
      await transaction.abort();
      assert.equal((await s.untilErased(erasureId)).note, 'no key record left');
    } finally {
      await producer.disconnect();
    }
  });

  test('with fewer in sync than min.insync.replicas it says so; with enough it goes on, and is erased once', async () => {
    const s = await scene('insync', 60_000);
    const { erasure } = await s.forget();
    await cluster.kill(2);
    await cluster.kill(3);
    const blocked = await s.untilNote(erasure.erasureId, /^blocked: /);
    assert.match(blocked, /replicas? in sync of min\.insync\.replicas=2|no leader/);
    await cluster.restart(2);
    await cluster.restart(3);
    assert.equal((await s.untilErased(erasure.erasureId)).note, 'no key record left');
    await s.provesOnce(erasure.erasureId);
  });
});

/** One deployment on the cluster, with a key topic of its own and one user. */
class Scene {
  /** Which brokers' replicas were read. */
  readonly readFrom = new Set<number>();
  onOpened: () => void = () => undefined;
  onRead: (broker: number) => Promise<void> = () => Promise.resolve();
  readonly #service: ForgettingService;
  readonly #stores = new InMemoryStores();

  private constructor(
    private readonly cluster: KafkaCluster,
    private readonly keyring: Keyring,
    private readonly keys: KeyTopic,
    readonly topic: string,
    private readonly userId: string,
    patienceMs: number,
  ) {
    this.#service = new ForgettingService({
      keyring,
      store: this.#store(),
      log: this.#stores.log,
      window: this.#window(),
      clock,
      entropy: new SystemEntropy(),
      patienceMs,
      files: new LogDirKeyFiles({
        disk: new SystemDisk(),
        clock,
        logger: silentLogger,
        keyTopic: topic,
        logDirs: [1, 2, 3].map((id) => cluster.dataDir(id)),
      }),
    });
  }

  static async open(cluster: KafkaCluster, what: string, patienceMs: number): Promise<Scene> {
    const settings: KafkaSettings = { brokers: [...cluster.bootstraps], clientId: what, clock };
    const keyTopic: KeyTopicSettings = {
      topic: `keys.${what}`,
      partitions,
      replicationFactor: 3,
      segmentMs: 2_000,
      maxCompactionLagMs: 2_000,
      fileDeleteDelayMs: 1_000,
      deleteRetentionMs: 86_400_000,
    };
    const keys = await openKeyTopic(settings, keyTopic);
    const keyring = await openKeyring({
      log: await openKeyTopic(settings, keyTopic),
      masterKeys: await testMasterKeys(),
      clock,
      entropy: new SystemEntropy(),
    });
    // Node 1 is the controller and stays: a user whose partition another broker leads.
    for (let user = 0; ; user++) {
      const partition = keyring.partitionOf(keyring.userRef(`user-${user}`));
      const leader = (await keys.replicas(partition)).find(({ isLeader }) => isLeader)?.broker ?? 1;
      if (leader !== 1) return new Scene(cluster, keyring, keys, keyTopic.topic, `user-${user}`, patienceMs);
    }
  }

  get partition(): number {
    return this.keyring.partitionOf(this.keyring.userRef(this.userId));
  }

  /** Gives the user a key: its bytes in the topic. They are in the files of every broker. */
  async enrol(): Promise<Uint8Array> {
    const userRef = this.keyring.userRef(this.userId);
    await this.keyring.ensureKeys([userRef]);
    let value: Uint8Array | null = null;
    await this.keys.follow(
      onlyRecords((records) => {
        for (const record of records)
          if (Buffer.from(record.key).toString('latin1').startsWith(`${userRef}#`))
            value ??= record.value === null ? null : Uint8Array.from(record.value);
      }),
    );
    await this.keys.caughtUp(this.partition);
    assert.ok(value !== null);
    // Followers have it as soon as it was acknowledged: min.insync.replicas is 2, and all are in sync.
    for (const id of [1, 2, 3])
      await until(`the key at broker ${id}`, () => Promise.resolve(holds(this.cluster.dataDir(id), value!)));
    return value;
  }

  request(): Promise<Erasure> {
    return this.#service.request(this.userId);
  }

  async onlyErasure(): Promise<Erasure> {
    const [erasure, ...others] = await this.#stores.erasures.list(10);
    assert.ok(erasure !== undefined && others.length === 0);
    return erasure;
  }

  async forget(): Promise<{ key: Uint8Array; erasure: Erasure }> {
    return { key: await this.enrol(), erasure: await this.request() };
  }

  async leader(): Promise<number> {
    const leader = (await this.keys.replicas(this.partition)).find(({ isLeader }) => isLeader);
    assert.ok(leader);
    return leader.broker;
  }

  async untilErased(erasureId: string): Promise<Erasure> {
    return until('erased', async () => {
      const erasure = await this.#service.find(erasureId);
      return erasure?.state === 'erased' ? erasure : null;
    });
  }

  async untilNote(erasureId: string, pattern: RegExp): Promise<string> {
    return until(`a note like ${pattern.source}`, async () => {
      const note = (await this.#service.find(erasureId))?.note ?? '';
      return pattern.test(note) ? note : null;
    });
  }

  /** Erased with one broker named as unseen, whose files hold the key; when it is back it is seen, and they do not. */
  async provesUnseen(erasure: Erasure, broker: number, key: Uint8Array): Promise<void> {
    const erased = await this.untilErased(erasure.erasureId);
    assert.match(erased.note ?? '', new RegExp(`^no key record left; not seen: .* ${broker} \\(`));
    for (const id of [1, 2, 3])
      assert.equal(holds(this.cluster.dataDir(id), key), id === broker, `broker ${id}`);
    await this.cluster.restart(broker);
    assert.deepEqual(
      filesOf(erased.evidence),
      [1, 2, 3].filter((id) => id !== broker),
    );
    await this.untilNote(erasure.erasureId, /^no key record left$/);
    assert.deepEqual(filesOf((await this.#stores.erasures.get(erasure.erasureId))?.evidence), [1, 2, 3]);
    assert.equal(holds(this.cluster.dataDir(broker), key), false);
    await this.provesOnce(erasure.erasureId);
  }

  async provesOnce(erasureId: string): Promise<void> {
    const steps = await this.#stores.erasures.entries(0, 1_000);
    const own = steps.filter(({ erasure }) => erasure.erasureId === erasureId);
    const erasedAt = new Set(own.flatMap(({ erasure }) => erasure.erasedAt ?? []));
    assert.equal(erasedAt.size, 1);
    assert.deepEqual((await this.#stores.erasures.counts()).erased, 1);
  }

  async close(): Promise<void> {
    await this.#service.close();
    await this.keyring.close();
    await this.keys.close();
  }

  #store(): ErasureStore {
    return new Proxy(this.#stores.erasures, {
      get: (store, name) => {
        if (name === 'openAll')
          return async (erasures: readonly Erasure[]): Promise<Erasure[]> => {
            const opened = await store.openAll(erasures);
            this.onOpened();
            return opened;
          };
        const value: unknown = Reflect.get(store, name);
        return typeof value === 'function' ? (value.bind(store) as unknown) : value;
      },
    });
  }

  #window(): KeyTopicWindow {
    const { keys } = this;
    return {
      partitionCount: keys.partitionCount,
      replicas: (partition) => keys.replicas(partition),
      readReplica: async (partition, broker) => {
        await this.onRead(broker);
        const log = await keys.readReplica(partition, broker);
        this.readFrom.add(broker);
        return log;
      },
      end: (partition) => keys.end(partition),
      appendedSince: (partition, at) => keys.appendedSince(partition, at),
      condition: (partition) => keys.condition(partition),
      nudge: (partition) => keys.nudge(partition),
      settings: () => keys.settings(),
    };
  }
}

async function until<T>(what: string, ask: () => Promise<T | null | false>): Promise<T> {
  const giveUpAt = clock.monotonic() + 90_000;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    assert.ok(clock.monotonic() < giveUpAt, `${what}: not within 90 s`);
    await sleep(clock, 100);
  }
}

/** The brokers whose files were read without a key in them. */
function filesOf(evidence: Erasure['evidence'] | undefined): number[] {
  const files = evidence?.files ?? [];
  for (const { segments } of files) assert.ok(segments.length > 0);
  return files.flatMap(({ replica, outcome }) => (outcome === 'clean' ? [replica] : []));
}

/** Whether these bytes stand in any file below a directory. */
function holds(dataDir: string, needle: Uint8Array): boolean {
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.some((entry) => readIfThere(join(entry.parentPath, entry.name)).includes(Buffer.from(needle)));
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
