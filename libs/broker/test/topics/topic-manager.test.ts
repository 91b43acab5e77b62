import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@oubliette/protocol';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { BrokerConfig } from '../../src/config/broker-config.js';
import { openLogManager } from '../../src/log/log-manager.js';
import { ClusterRegistry } from '../../src/topics/cluster-registry.js';
import { ClusterStore } from '../../src/topics/cluster-store.js';
import { TopicManager } from '../../src/topics/topic-manager.js';
import { batch, config as logConfig } from '../log/fixture.js';

const partitions = 100;
const renameMs = 2;

/** A disk that is as slow as the clock says. */
async function world(disk = new SimulatedDisk()) {
  const clock = new ManualClock();
  const entropy = new SeededEntropy(1);
  const errors: string[] = [];
  const warnings: string[] = [];
  const logger = {
    info: () => undefined,
    warn: (message: string) => void warnings.push(message),
    error: (message: string) => void errors.push(message),
  };
  disk.makeDirectorySync('/data');
  const registry = new ClusterRegistry(new ClusterStore(disk, '/data/cluster.json'), entropy);
  const known = {
    topicIdOf: (topic: string) => registry.topics.get(topic)?.id,
    isDeleting: (topic: string) => registry.deleting.has(topic),
  };
  const logs = await openLogManager({
    disk,
    clock,
    entropy,
    logger,
    directory: '/data',
    configOf: () => logConfig(),
    ...known,
    retentionCheckIntervalMs: 1_000,
    cleanerBackoffMs: 500,
  });
  const topics = new TopicManager({ registry, logs, config: new BrokerConfig({}), entropy, clock, logger });
  await topics.start();
  const names = (suffix: RegExp): number =>
    disk.listSync('/data').filter(({ name }) => name.startsWith('events') && suffix.test(name)).length;
  return {
    disk,
    clock,
    registry,
    logs,
    topics,
    errors,
    warnings,
    plain: () => names(/-\d+$/),
    deleted: () => names(/-delete$/),
  };
}

const wanted = { name: 'events', partitions, configs: {} };

/** Lets time pass until the promise is settled. */
async function passing<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  settled.catch(() => undefined);
  while (!isSettled) await clock.advanceAsync(1);
  return settled;
}

test('a topic is gone at once, its logs go in slices, and a new one of its name waits for them', async () => {
  const { disk, clock, registry, logs, topics, plain, deleted } = await world();
  await topics.create(wanted);
  await topics.log('events', 99).append(batch([['old', '1']]), { durable: false });
  const renameSync = disk.renameSync.bind(disk);
  disk.renameSync = (from, to) => {
    renameSync(from, to);
    if (to.endsWith('-delete')) clock.advance(renameMs);
  };
  await topics.delete('events');
  assert.equal(topics.topics.has('events'), false);
  assert.throws(() => topics.log('events', 0), KafkaError);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(deleted() > 0 && deleted() < 10, `${deleted()} logs in one slice`);
  const creating = topics.create({ ...wanted, partitions: 3 });
  assert.equal(topics.topics.has('events'), false);
  const { id } = await passing(clock, creating);
  assert.equal(deleted(), partitions);
  assert.equal(plain(), 3);
  assert.equal(registry.deleting.size, 0);
  assert.equal(registry.topics.get('events')?.id, id);
  assert.equal(logs.get('events', 99), undefined);
  assert.equal(topics.log('events', 0).logEndOffset, 0n);
});

test('the logs of many topics are made in slices, however few each has', async () => {
  const { disk, clock, topics, plain } = await world();
  const makeDirectorySync = disk.makeDirectorySync.bind(disk);
  disk.makeDirectorySync = (path) => {
    makeDirectorySync(path);
    clock.advance(renameMs);
  };
  const many = Array.from({ length: 50 }, (_, index) => ({
    name: `events${index}`,
    partitions: 1,
    configs: {},
  }));
  let isDone = false;
  const creating = topics.createAll(many).finally(() => (isDone = true));
  let most = 0;
  while (!isDone) {
    const before = plain();
    await clock.advanceAsync(1);
    most = Math.max(most, plain() - before);
  }
  assert.ok((await creating).every(({ status }) => status === 'fulfilled'));
  assert.equal(plain(), many.length);
  assert.ok(most > 0 && most < 10, `${most} logs in one slice`);
});

test('of two who make a topic anew while the old one goes, one is told that it is there', async () => {
  const { clock, topics } = await world();
  await topics.create(wanted);
  await topics.delete('events');
  const both = Promise.allSettled([topics.create(wanted), topics.create(wanted)]);
  const outcomes = (await passing(clock, both)).map(({ status }) => status);
  assert.deepEqual(outcomes.sort(), ['fulfilled', 'rejected']);
});

test('a deletion that a crash interrupted is finished by the next start', async () => {
  const first = await world();
  await first.topics.create(wanted);
  for (const partition of [0, 99]) {
    const { durable } = await first.topics
      .log('events', partition)
      .append(batch([['a', '1']]), { durable: true });
    await durable;
  }
  first.disk.syncDirectorySync('/data');
  await first.topics.delete('events');
  const { deleted, plain, registry, topics } = await world(first.disk.crash(3));
  assert.deepEqual([plain(), registry.deleting.size, topics.topics.size], [0, 0, 0]);
  assert.ok(deleted() > 0);
});

test('no new topic inherits the logs of one whose deletion failed', async () => {
  const { disk, clock, topics, errors, plain } = await world();
  await topics.create({ ...wanted, partitions: 3 });
  await topics.log('events', 2).append(batch([['old', '1']]), { durable: false });
  const path = (name: string): boolean => name.includes('events-2');
  disk.fail({ operation: 'rename', code: 'EIO', times: 2, path });
  await topics.delete('events');
  await passing(clock, topics.close());
  assert.equal(errors.length, 1);
  await assert.rejects(topics.create({ ...wanted, partitions: 3 }), { codeName: 'KAFKA_STORAGE_ERROR' });
  assert.equal(topics.topics.has('events'), false);
  await topics.create({ ...wanted, partitions: 3 });
  assert.equal(topics.log('events', 2).logEndOffset, 0n);
  assert.equal(plain(), 3);
});

const atPartition2 = (path: string): boolean => path.includes('events-2/');

test('a topic whose logs cannot all be made is refused, was served to nobody, and leaves nothing to the next start', async () => {
  for (const operation of ['open', 'write'] as const) {
    const { disk, topics, plain, registry, clock } = await world();
    disk.fail({ operation, code: 'ENOSPC', path: atPartition2 });
    const served: boolean[] = [];
    const makeDirectorySync = disk.makeDirectorySync.bind(disk);
    disk.makeDirectorySync = (path) => {
      served.push(isServed(topics, 0));
      makeDirectorySync(path);
    };
    const creating = topics.create({ ...wanted, partitions: 4 });
    await assert.rejects(creating, { codeName: 'KAFKA_STORAGE_ERROR' });
    assert.deepEqual(served, [false, false, false]);
    assert.deepEqual([topics.topics.size, topics.nameOf('events')], [0, undefined]);
    await passing(clock, topics.close());
    assert.deepEqual([plain(), registry.deleting.size], [0, 0]);
    const next = await world(disk.crash(1));
    assert.deepEqual([next.topics.topics.size, next.plain(), next.warnings], [0, 0, []]);
    await next.topics.create(wanted);
    assert.equal(isServed(next.topics, 99), true);
  }
});

function isServed(topics: TopicManager, partition: number): boolean {
  try {
    return topics.log('events', partition).logEndOffset === 0n;
  } catch (error) {
    assert.ok(error instanceof KafkaError);
    return false;
  }
}

test('added partitions whose logs cannot all be made are taken back, and added later', async () => {
  const { disk, topics, plain, deleted } = await world();
  await topics.create({ ...wanted, partitions: 1 });
  disk.fail({ operation: 'open', code: 'ENOSPC', path: atPartition2 });
  const refused = topics.addPartitions('events', 4);
  const next = topics.addPartitions('events', 2);
  await assert.rejects(refused, { codeName: 'KAFKA_STORAGE_ERROR' });
  await next;
  assert.deepEqual([topics.topics.get('events')?.partitions, plain(), deleted()], [2, 2, 1]);
  assert.deepEqual([isServed(topics, 1), isServed(topics, 2)], [true, false]);
  const outcomes = await Promise.allSettled([
    topics.addPartitions('events', 4),
    topics.addPartitions('events', 3),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.deepEqual([plain(), isServed(topics, 3), topics.topics.get('events')?.made?.length], [4, true, 3]);
});

test('on a full disk topics are deleted, and their names can be taken again once there is room', async () => {
  const { disk, clock, topics, plain } = await world();
  await topics.create({ ...wanted, partitions: 3 });
  disk.setFreeBytes(0);
  await assert.rejects(topics.create({ ...wanted, name: 'more' }), { codeName: 'KAFKA_STORAGE_ERROR' });
  await topics.delete('events');
  await passing(clock, topics.close());
  assert.equal(plain(), 0);
  disk.setFreeBytes(Infinity);
  await topics.create({ ...wanted, partitions: 2 });
  assert.equal(plain(), 2);
});

test('many topics of one request write the state a handful of times, and so does deleting them', async () => {
  const { disk, registry, topics } = await world();
  let writings = 0;
  const renameSync = disk.renameSync.bind(disk);
  disk.renameSync = (from, to) => {
    if (to.endsWith('cluster.json')) writings++;
    renameSync(from, to);
  };
  const many = Array.from({ length: 400 }, (_, index) => ({ ...wanted, name: `t${index}`, partitions: 1 }));
  const outcomes = await topics.createAll(many);
  assert.ok(outcomes.every(({ status }) => status === 'fulfilled'));
  assert.ok(writings <= 2, `${writings} writings`);
  await Promise.all(many.map(({ name }) => topics.delete(name)));
  assert.equal(topics.topics.size, 0);
  assert.ok(writings <= 5, `${writings} writings`);
  await topics.close();
  assert.equal(registry.deleting.size, 0);
});
