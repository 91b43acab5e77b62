import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { encodeBatch } from '@oubliette/protocol';
import { SystemClock } from '@oubliette/runtime';
import { createDirectClient } from '../../src/direct/index.js';
import { holdsNoKey } from '../../src/key-topic/key-topic.js';
import { keyTopicErrors } from '../../src/key-topic/key-topic-errors.js';
import { Replicas, type ReplicaLog } from '../../src/partition-log/replicas.js';
import { ScriptedBroker, type Reaction, type SeenRequest } from '../direct/scripted-broker.js';

/** The logs of two scripted brokers: 1 leads, 2 follows; each answers from its own. */
interface Log {
  start: bigint;
  highWatermark: bigint;
  offsets: bigint[];
  more?: Readonly<Record<string, unknown>>;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function cluster(isr: readonly number[] = [1, 2], script?: (request: SeenRequest) => Reaction | null) {
  const logs = new Map<number, Log>([
    [1, { start: 0n, highWatermark: 4n, offsets: [0n, 1n, 2n, 3n] }],
    [2, { start: 0n, highWatermark: 3n, offsets: [1n, 2n, 3n] }],
  ]);
  const ports = new Map<number, number>();
  const brokers: ScriptedBroker[] = [];
  const topic = {
    errorCode: 0,
    name: 'keys',
    partitions: [{ errorCode: 0, partitionIndex: 0, leaderId: 1, replicaNodes: [1, 2, 3], isrNodes: isr }],
  };
  for (const nodeId of [1, 2]) {
    const broker = await ScriptedBroker.start((request) => {
      const reaction = script?.(request) ?? null;
      if (reaction !== null) return reaction;
      if (request.name === 'metadata') {
        const nodes = [...ports].map(([id, port]) => ({ nodeId: id, host: '127.0.0.1', port }));
        return { brokers: nodes, controllerId: 1, topics: [topic] };
      }
      return request.name === 'fetch' ? fetched(request, logs.get(nodeId)!) : 'silence';
    });
    ports.set(nodeId, broker.port);
    brokers.push(broker);
    cleanups.push(() => broker.close());
  }
  const settings = { brokers: [brokers[0]!.address], clientId: 'test', clock: new SystemClock() };
  const client = createDirectClient(settings, { retry: { attempts: 1, initialMs: 0, maxMs: 0 } });
  const replicas = new Replicas({ topic: 'keys', client, errors: keyTopicErrors, isEmpty: holdsNoKey });
  cleanups.push(() => replicas.close());
  return { replicas, logs, brokers };
}

/** One record an answer, so that a read takes several. */
function fetched({ body }: SeenRequest, log: Log): Reaction {
  const asked = (body['topics'] as { partitions: { fetchOffset: bigint }[] }[])[0]!.partitions[0]!
    .fetchOffset;
  const next = log.offsets.find((offset) => offset >= asked);
  const records =
    next === undefined
      ? null
      : encodeBatch({
          baseOffset: next,
          records: [
            { timestamp: 7n, key: Buffer.from(`k${next}`), value: next === 2n ? null : Buffer.of(1) },
          ],
        });
  const { highWatermark, start: logStartOffset } = log;
  const errorCode = asked < log.start ? 1 : 0;
  const partition = { partitionIndex: 0, errorCode, highWatermark, logStartOffset, records };
  return {
    throttleTimeMs: 0,
    responses: [{ topic: 'keys', partitions: [{ ...partition, abortedTransactions: null, ...log.more }] }],
  };
}

async function keys(log: ReplicaLog): Promise<string[]> {
  const seen: string[] = [];
  for await (const { key, tombstone } of log.records) seen.push(tombstone ? `${key} †` : key);
  return seen;
}

test('each replica is read from its own broker, to the high watermark that it knows itself', async () => {
  const { replicas, brokers } = await cluster();
  const leader = await replicas.read(0, 1);
  assert.deepEqual([leader.logStart, leader.highWatermark], [0n, 4n]);
  assert.deepEqual(await keys(leader), ['k0', 'k1', 'k2 †', 'k3']);
  const asked = brokers[0]!.count('fetch');
  const follower = await replicas.read(0, 2);
  assert.deepEqual([follower.logStart, follower.highWatermark], [0n, 3n]);
  // What stands behind its high watermark is not given, in the same batch or another.
  assert.deepEqual(await keys(follower), ['k1', 'k2 †']);
  assert.equal(brokers[0]!.count('fetch'), asked);
  // KIP-392: only from version 11 on a broker that follows answers.
  assert.ok((brokers[1]!.seen.find(({ name }) => name === 'fetch')?.version ?? 0) >= 11);
});

test('the replicas are told with who is live, in sync, and leads', async () => {
  const { replicas } = await cluster([1]);
  assert.deepEqual(await replicas.list(0), [
    { broker: 1, isLive: true, isInSync: true, isLeader: true },
    { broker: 2, isLive: true, isInSync: false, isLeader: false },
    { broker: 3, isLive: false, isInSync: false, isLeader: false },
  ]);
  await assert.rejects(replicas.list(9), { code: 'KEY_TOPIC_UNAVAILABLE' });
});

test('reading begins at the log start where records were deleted', async () => {
  const { replicas, logs } = await cluster([1, 2], ({ name }) => {
    if (name !== 'listOffsets') return null;
    return { topics: [{ name: 'keys', partitions: [{ partitionIndex: 0, errorCode: 0, offset: 2n }] }] };
  });
  logs.get(2)!.start = 2n;
  const log = await replicas.read(0, 2);
  assert.equal(log.logStart, 2n);
  assert.deepEqual(await keys(log), ['k2 †']);
});

test('a replica that cannot be read says so: down, gone back in a restart, sent elsewhere, or broken', async () => {
  const { replicas, logs, brokers } = await cluster();
  await assert.rejects(replicas.read(0, 3), { code: 'KAFKA_REFUSED' });
  const follower = logs.get(2)!;
  const begun = await replicas.read(0, 2);
  follower.highWatermark = 1n;
  await assert.rejects(keys(begun), { code: 'KEY_TOPIC_UNAVAILABLE', message: /fell back/ });
  follower.more = { preferredReadReplica: 1 };
  await assert.rejects(replicas.read(0, 2), { code: 'KEY_TOPIC_UNAVAILABLE' });
  follower.more = { errorCode: 56 };
  await assert.rejects(replicas.read(0, 2), { code: 'KEY_TOPIC_UNAVAILABLE' });
  await brokers[1]!.close();
  cleanups.splice(1, 1);
  await assert.rejects(replicas.read(0, 2), { code: 'KEY_TOPIC_UNAVAILABLE' });
  assert.equal((await keys(await replicas.read(0, 1))).length, 4);
});

const described = (settings: Readonly<Record<string, string>>): Reaction => {
  const of = { readOnly: false, configSource: 1, isSensitive: false, synonyms: [], configType: 3 };
  const configs = Object.entries(settings).map(([name, value]) => ({
    ...of,
    name,
    value,
    documentation: null,
  }));
  return {
    results: [{ errorCode: 0, errorMessage: null, resourceType: 2, resourceName: 'keys', configs }],
  };
};
const listed = (offset: bigint, errorCode = 0): Reaction => ({
  topics: [{ name: 'keys', partitions: [{ partitionIndex: 0, errorCode, offset }] }],
});

test('the condition names open transactions only where they hold up the last stable offset', async () => {
  let stable = 4n;
  const { replicas } = await cluster([1, 2], ({ name, body }) => {
    if (name === 'listOffsets') return listed(body['isolationLevel'] === 1 ? stable : 4n);
    if (name === 'describeProducers') {
      const producer = { lastSequence: 0, lastTimestamp: 1n, coordinatorEpoch: 0, producerEpoch: 0 };
      const activeProducers = [
        { ...producer, producerId: 4000n, currentTxnStartOffset: 2n },
        { ...producer, producerId: 4001n, currentTxnStartOffset: -1n },
      ];
      return {
        topics: [{ name: 'keys', partitions: [{ partitionIndex: 0, errorCode: 0, activeProducers }] }],
      };
    }
    return name === 'describeConfigs' ? described({ 'min.insync.replicas': '2' }) : null;
  });
  const sound = { leader: 1, inSync: 2, minInSync: 2 };
  assert.deepEqual(await replicas.condition(0), { ...sound, openTransactions: [] });
  stable = 2n;
  assert.deepEqual(await replicas.condition(0), {
    ...sound,
    openTransactions: [{ producerId: 4000n, startOffset: 2n }],
  });
});

test('with too few in sync the condition is told without the offsets that a new leader does not give', async () => {
  const offsetNotAvailable = 78;
  const { replicas } = await cluster([1], ({ name }) => {
    if (name === 'listOffsets') return listed(-1n, offsetNotAvailable);
    return name === 'describeConfigs' ? described({ 'min.insync.replicas': '2' }) : null;
  });
  assert.deepEqual(await replicas.condition(0), {
    leader: 1,
    inSync: 1,
    minInSync: 2,
    openTransactions: [],
  });
});

test('more in sync asked for than there are replicas counts as all of them', async () => {
  const { replicas } = await cluster([1, 2, 3], ({ name }) => {
    if (name === 'listOffsets') return listed(4n);
    return name === 'describeConfigs' ? described({ 'min.insync.replicas': '4' }) : null;
  });
  assert.deepEqual(await replicas.condition(0), {
    leader: 1,
    inSync: 3,
    minInSync: 3,
    openTransactions: [],
  });
});

test('the settings are those of any broker that answers', async () => {
  const { replicas } = await cluster([1, 2], ({ name, body }) => {
    if (name !== 'describeConfigs') return null;
    const [resource] = body['resources'] as { resourceType: number; resourceName: string }[];
    if (resource?.resourceType === 4) {
      return resource.resourceName === '1' ? 'hang up' : described({ 'log.cleaner.backoff.ms': '500' });
    }
    return described({
      'segment.ms': '1000',
      'max.compaction.lag.ms': '2000',
      'delete.retention.ms': '3000',
      'file.delete.delay.ms': '4000',
      'min.cleanable.dirty.ratio': '0.0',
      'message.timestamp.type': 'LogAppendTime',
    });
  });
  assert.deepEqual(await replicas.settings(), {
    segmentMs: 1_000,
    maxCompactionLagMs: 2_000,
    deleteRetentionMs: 3_000,
    fileDeleteDelayMs: 4_000,
    cleanerBackoffMs: 500,
    minCleanableDirtyRatio: 0,
    logAppendTime: true,
    timestampAfterMaxMs: 0,
  });
});
