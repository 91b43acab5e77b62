import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import kafkajs from 'kafkajs';
import { KafkaError } from '@oubliette/protocol';
import { SystemClock, sleep } from '@oubliette/runtime';
import { RestartableEngine, startKafka } from '@oubliette/runtime/testing';
import {
  ConnectionError,
  PartitionError,
  createDirectClient,
  createPartitionReader,
  type DirectClient,
} from '../../src/direct/index.js';
import { createAdmin } from '../../src/admin/create-admin.js';
import type { ReceivedRecord } from '../../src/ports.js';
import { eventually } from '../../src/testing/eventually.js';

const clock = new SystemClock();
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString();
const code = (name: string) => (error: unknown) => error instanceof KafkaError && error.codeName === name;

describe('the direct client against Apache Kafka', { timeout: 300_000 }, () => {
  const config = { 'log.cleaner.backoff.ms': '200', 'auto.create.topics.enable': 'true' };
  const kafka = new RestartableEngine('Apache Kafka', startKafka, config);
  let client: DirectClient;

  before(async () => {
    await kafka.start();
    client = createDirectClient({ brokers: [kafka.bootstrap()], clientId: 'direct-test', clock });
  });

  after(async () => {
    await client.close();
    await kafka.crash();
    await kafka.dispose();
  });

  async function scanned(topic: string, from?: bigint): Promise<ReceivedRecord[]> {
    const reader = createPartitionReader(client);
    const records: ReceivedRecord[] = [];
    for await (const record of reader.scan(topic, 0, from)) records.push(record);
    await reader.close();
    return records;
  }

  function javascriptClient(): kafkajs.Kafka {
    return new kafkajs.Kafka({ brokers: [kafka.bootstrap()], logLevel: kafkajs.logLevel.NOTHING });
  }

  test('creates a topic once, describes it, and none by asking', async () => {
    const spec = {
      name: 'made',
      partitions: 3,
      replicationFactor: 1,
      configs: { 'cleanup.policy': 'compact' },
    };
    assert.equal(await client.createTopic(spec), true);
    assert.equal(await client.createTopic(spec), false);
    const { topics, brokers } = await client.metadata(['made', 'never-made']);
    assert.deepEqual(
      topics.map(({ name, partitions }) => [name, partitions.length]),
      [['made', 3]],
    );
    assert.deepEqual(
      brokers.map(({ nodeId }) => nodeId),
      [1],
    );
    const everything = await client.metadata(null);
    assert.deepEqual(
      everything.topics.map(({ name }) => name),
      ['made'],
    );
  });

  test('a batch is one append, read back with its offsets', async () => {
    await client.createTopic({ name: 'batches', partitions: 2, replicationFactor: 1 });
    const first = await client.produceBatch('batches', 1, [
      { key: bytes('a'), value: bytes('1'), headers: { kind: 'fence' }, timestamp: 1_700_000_000_000 },
      { key: bytes('b'), value: null },
    ]);
    const second = await client.produceBatch('batches', 1, [{ key: null, value: bytes('3') }]);
    assert.deepEqual(
      [first, second],
      [
        { baseOffset: 0n, lastOffset: 1n },
        { baseOffset: 2n, lastOffset: 2n },
      ],
    );
    const fetched = await client.fetch('batches', 1, 1n);
    assert.deepEqual(
      fetched.records.map(({ offset, key, value }) => [offset, text(key), text(value)]),
      [
        [1n, 'b', null],
        [2n, null, '3'],
      ],
    );
    assert.equal(fetched.nextOffset, 3n);
    assert.equal(fetched.highWatermark, 3n);
    assert.equal(fetched.logStart, 0n);
    const [record] = (await client.fetch('batches', 1, 0n)).records;
    assert.deepEqual(record?.headers, { kind: 'fence' });
    assert.equal(record?.timestamp, 1_700_000_000_000);
    const [described] = await client.describeProducers('batches', 1);
    assert.equal(described?.lastSequence, 2);
    assert.equal(described?.openTransactionStart, null);
  });

  test('batches sent at once keep their order, a partition each its own', async () => {
    await client.createTopic({ name: 'parallel', partitions: 2, replicationFactor: 1 });
    const produced = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        client.produceBatch('parallel', index % 2, [{ key: null, value: bytes(`${index}`) }]),
      ),
    );
    assert.deepEqual(
      produced.map(({ baseOffset }) => baseOffset),
      Array.from({ length: 60 }, (_, index) => BigInt(index >> 1)),
    );
    const [even, odd] = await client.fetchMany([
      { topic: 'parallel', partition: 0, offset: 0n },
      { topic: 'parallel', partition: 1, offset: 0n },
    ]);
    assert.deepEqual(
      even?.records.map(({ value }) => Number(text(value)) % 2),
      Array(30).fill(0),
    );
    assert.deepEqual(
      odd?.records.map(({ value }) => text(value)),
      Array.from({ length: 30 }, (_, i) => `${2 * i + 1}`),
    );
  });

  test('a long poll returns when a record comes, and does not hold up other requests', async () => {
    await client.createTopic({ name: 'poll', partitions: 1, replicationFactor: 1 });
    const started = clock.monotonic();
    const polled = client.fetch('poll', 0, 0n, { maxWaitMs: 20_000 });
    await sleep(clock, 300);
    await client.produceBatch('poll', 0, [{ key: null, value: bytes('x') }]);
    assert.deepEqual(
      (await polled).records.map(({ value }) => text(value)),
      ['x'],
    );
    assert.ok(clock.monotonic() - started < 10_000);
  });

  test('a fetch can be given up', async () => {
    await client.createTopic({ name: 'given-up', partitions: 1, replicationFactor: 1 });
    const aborter = new AbortController();
    const polled = client.fetch('given-up', 0, 0n, { maxWaitMs: 1_000, signal: aborter.signal });
    const reason = new Error('enough');
    setImmediate(() => aborter.abort(reason));
    await assert.rejects(polled, (error) => error === reason);
  });

  test('listOffsets by time', async () => {
    await client.createTopic({ name: 'times', partitions: 1, replicationFactor: 1 });
    await client.produceBatch('times', 0, [
      { key: null, value: bytes('1'), timestamp: 1_700_000_001_000 },
      { key: null, value: bytes('2'), timestamp: 1_700_000_002_000 },
    ]);
    assert.equal((await client.listOffsets('times', 0, 'earliest')).offset, 0n);
    assert.equal((await client.listOffsets('times', 0, 'latest')).offset, 2n);
    assert.deepEqual(await client.listOffsets('times', 0, 1_700_000_001_500n), {
      offset: 1n,
      timestamp: 1_700_000_002_000n,
    });
    assert.equal((await client.listOffsets('times', 0, 1_800_000_000_000n)).offset, -1n);
  });

  test('what Kafka refuses is its own error', async () => {
    await client.createTopic({ name: 'refusals', partitions: 1, replicationFactor: 1 });
    await assert.rejects(client.fetch('refusals', 0, 5n), code('OFFSET_OUT_OF_RANGE'));
    await assert.rejects(client.fetch('refusals', 0, 5n), PartitionError);
    const broker = { type: 'topic', name: 'refusals' } as const;
    await assert.rejects(
      client.incrementalAlterConfigs(broker, [{ name: 'no.such.setting', operation: 'set', value: '1' }]),
      code('INVALID_CONFIG'),
    );
    const impatient = createDirectClient(
      { brokers: [kafka.bootstrap()], clientId: 'impatient', clock },
      { retry: { attempts: 2, initialMs: 1, maxMs: 1 } },
    );
    await assert.rejects(
      impatient.listOffsets('never-made', 0, 'latest'),
      code('UNKNOWN_TOPIC_OR_PARTITION'),
    );
    await impatient.close();
  });

  test('altering one setting leaves the others', async () => {
    const topic = { type: 'topic', name: 'altered' } as const;
    await client.createTopic({
      name: 'altered',
      partitions: 1,
      replicationFactor: 1,
      configs: { 'cleanup.policy': 'compact', 'segment.ms': '60000' },
    });
    await client.incrementalAlterConfigs(topic, [
      { name: 'max.compaction.lag.ms', operation: 'set', value: '5000' },
      { name: 'segment.ms', operation: 'delete', value: null },
    ]);
    const valuesOf = async (...names: string[]): Promise<(string | null | undefined)[]> => {
      const settings = await client.describeConfigs(topic);
      return names.map((wanted) => settings.find(({ name }) => name === wanted)?.value);
    };
    // The controller answers first; the broker that describes hears of it a moment later.
    await eventually('the setting is changed', async () => {
      const [changed] = await valuesOf('max.compaction.lag.ms');
      return changed === '5000';
    });
    assert.deepEqual(await valuesOf('cleanup.policy', 'segment.ms'), ['compact', '604800000']);
    const [nodeId] = await client.describeConfigs({ type: 'broker', nodeId: 1 }, ['node.id']);
    assert.equal(nodeId?.value, '1');
  });

  test('log directories hold what was written', async () => {
    await client.createTopic({ name: 'sized', partitions: 1, replicationFactor: 1 });
    await client.produceBatch('sized', 0, [{ key: null, value: new Uint8Array(5_000) }]);
    const [dir] = await client.describeLogDirs([{ topic: 'sized', partitions: [0] }]);
    assert.equal(dir?.nodeId, 1);
    assert.equal(dir?.partitions.length, 1);
    assert.ok((dir?.partitions[0]?.sizeBytes ?? 0n) > 5_000n);
    assert.equal(await client.describeLogDirs().then((dirs) => (dirs[0]?.partitions.length ?? 0) > 1), true);
  });

  test('reads what kafkajs wrote, gzip and transactions among it', async () => {
    await client.createTopic({ name: 'mixed', partitions: 1, replicationFactor: 1 });
    const producer = javascriptClient().producer({
      transactionalId: 'mixed',
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({
      topic: 'mixed',
      compression: kafkajs.CompressionTypes.GZIP,
      messages: [{ key: 'k', value: 'gzipped', headers: { a: ['1', '2'] } }, { value: 'too' }],
    });
    const [open] = await client.describeProducers('mixed', 0);
    assert.deepEqual([open?.openTransactionStart, open?.isTransactional], [0n, true]);
    const admin = await createAdmin({ brokers: [kafka.bootstrap()], clientId: 'direct-test', clock });
    const whileOpen = await admin.inspectLogs(['mixed'], []);
    const { topic, partition, open: opened } = whileOpen.transactionalProducers[0] ?? {};
    assert.deepEqual([topic, partition, opened?.map(({ startOffset }) => startOffset)], ['mixed', 0, [0n]]);
    await transaction.commit();
    await producer.disconnect();
    // The marker follows the commit's answer.
    await eventually('the marker', async () => (await client.listOffsets('mixed', 0, 'latest')).offset >= 3n);
    const [ended] = await client.describeProducers('mixed', 0);
    assert.deepEqual([ended?.openTransactionStart, ended?.isTransactional], [null, true]);
    const afterwards = await admin.inspectLogs(['mixed'], []);
    assert.deepEqual(
      afterwards.transactionalProducers.map(({ count, open: none }) => [count, none.length]),
      [[1, 0]],
    );
    await admin.close();
    await client.produceBatch('mixed', 0, [{ key: null, value: bytes('after the marker') }]);
    assert.ok((await client.describeProducers('mixed', 0)).some(({ isTransactional }) => !isTransactional));
    const records = await scanned('mixed');
    assert.deepEqual(
      records.map(({ offset, value }) => [offset, text(value)]),
      [
        [0n, 'gzipped'],
        [1n, 'too'],
        [3n, 'after the marker'],
      ],
    );
    assert.deepEqual(records[0]?.headers, { a: '2' });
    assert.deepEqual((await scanned('mixed', 1n)).length, 2);
  });

  test('kafkajs reads what we wrote', async () => {
    await client.createTopic({ name: 'ours', partitions: 1, replicationFactor: 1 });
    await client.produceBatch('ours', 0, [{ key: bytes('k'), value: bytes('v'), headers: { h: 'x' } }]);
    const consumer = javascriptClient().consumer({ groupId: 'ours' });
    await consumer.connect();
    await consumer.subscribe({ topic: 'ours', fromBeginning: true });
    const seen = await new Promise<string>((resolve, reject) => {
      consumer
        .run({
          eachMessage: ({ message }) => {
            resolve(`${message.key} ${message.value} ${message.headers?.['h']}`);
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    assert.equal(seen, 'k v x');
  });

  test('scans a compacted log to its end, over gaps', async () => {
    const configs = {
      'cleanup.policy': 'compact',
      'segment.ms': '300',
      'max.compaction.lag.ms': '300',
      'min.cleanable.dirty.ratio': '0',
      'delete.retention.ms': '0',
    };
    await client.createTopic({ name: 'compacted', partitions: 1, replicationFactor: 1, configs });
    for (let round = 0; round < 5; round++) {
      await client.produceBatch('compacted', 0, [{ key: bytes('k'), value: bytes(`${round}`) }]);
      await sleep(clock, 350);
    }
    const deadline = clock.monotonic() + 60_000;
    let records = await scanned('compacted');
    while (records.length > 2 && clock.monotonic() < deadline) {
      await sleep(clock, 500);
      await client.produceBatch('compacted', 0, [{ key: bytes('nudge'), value: null }]);
      records = (await scanned('compacted')).filter(({ key }) => text(key) === 'k');
    }
    assert.ok(records.length <= 2, `${records.length} records of one key are left`);
    assert.equal(text(records.at(-1)?.value ?? null), '4');
  });

  test('closing fails what is outstanding and what comes after', async () => {
    const own = createDirectClient({ brokers: [kafka.bootstrap()], clientId: 'closing', clock });
    await own.metadata([]);
    const polled = own.fetch('poll', 0, 1n, { maxWaitMs: 20_000 });
    const failed = assert.rejects(
      polled,
      (error) => error instanceof ConnectionError && error.code === 'CLIENT_CLOSED',
    );
    await sleep(clock, 200);
    await own.close();
    await failed;
    await assert.rejects(
      own.metadata([]),
      (error) => error instanceof ConnectionError && error.code === 'CLIENT_CLOSED',
    );
  });
});
