import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { ClusterRegistry } from '../../src/topics/cluster-registry.js';
import { ClusterStore } from '../../src/topics/cluster-store.js';
import { refuseTopicName } from '../../src/topics/topic-name.js';

const path = '/data/cluster.json';

function open(disk: SimulatedDisk, seed = 1): ClusterRegistry {
  return new ClusterRegistry(new ClusterStore(disk, path), new SeededEntropy(seed));
}

function newDisk(): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/data');
  disk.syncDirectorySync('/');
  return disk;
}

const topic = (name: string, partitions = 1) => ({ name, id: name.padEnd(22, 'x'), partitions, configs: {} });

test('what was decided is there after a crash: topics, deletions, settings, the cluster id', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = newDisk();
    const before = open(disk);
    await before.createTopic(topic('kept'));
    const grown = await before.createTopic(topic('grown'));
    await before.changeTopic(grown, (known) => ({ ...known, partitions: 3 }));
    await before.beginDelete(await before.createTopic(topic('gone', 2)));
    await before.changeBrokerConfigs(() => ({ cluster: { 'log.roll.ms': '1' }, broker: {} }));
    const after = open(disk.crash(seed), 2);
    assert.equal(after.clusterId, before.clusterId);
    assert.deepEqual([...after.topics.keys()].sort(), ['grown', 'kept']);
    assert.equal(after.topics.get('grown')?.partitions, 3);
    assert.deepEqual([...after.deleting.values()], [{ name: 'gone', partitions: 2 }]);
    assert.deepEqual(after.brokerConfigs.cluster, { 'log.roll.ms': '1' });
  }
});

test('a producer id is never given twice, whatever crashes in between', async () => {
  let disk = newDisk();
  const seen = new Set<bigint>();
  for (let run = 0; run < 5; run++) {
    const registry = open(disk);
    for (let index = 0; index < 1500; index++) {
      const id = await registry.nextProducerId();
      assert.ok(!seen.has(id));
      seen.add(id);
    }
    disk = disk.crash(run);
  }
});

test('a file that is not ours is refused and left as it is', () => {
  const disk = newDisk();
  disk.replaceFileSync(path, Buffer.from('{"version":1,"topics":'));
  assert.throws(() => open(disk), { code: 'DATA_DIR_CORRUPT' });
  disk.replaceFileSync(path, Buffer.from('{"version":99,"clusterId":"c","topics":[]}'));
  assert.throws(() => open(disk), { code: 'DATA_DIR_CORRUPT' });
});

test("names differ in more than '.' and '_', and are what Kafka allows", async () => {
  const registry = open(newDisk());
  await registry.createTopic(topic('a.b_c'));
  assert.equal(registry.collision('a_b.c'), 'a.b_c');
  assert.equal(registry.collision('a.b.d'), undefined);
  for (const name of ['', '.', '..', 'a b', 'ä', 'a/b', 'x'.repeat(250)])
    assert.notEqual(refuseTopicName(name), null, name);
  for (const name of ['a', '...', 'com.udacity.lesson.views', 'x'.repeat(249)])
    assert.equal(refuseTopicName(name), null);
});

test('each start leads every partition in a new epoch, two above the last; what was just made, in epoch 0', async () => {
  let disk = newDisk();
  const at = (registry: ClusterRegistry, name: string, partitions: readonly number[]): number[] =>
    partitions.map((partition) => registry.leaderEpoch(name, partition));
  const first = open(disk);
  const old = await first.createTopic(topic('old'));
  assert.deepEqual(at(first, 'old', [0]), [0]);
  disk = disk.crash(1);
  const second = open(disk);
  await second.changeTopic(old, (known) => ({ ...known, partitions: 3, configs: { 'retention.ms': '1' } }));
  await second.createTopic(topic('new'));
  assert.deepEqual([...at(second, 'old', [0, 1, 2]), ...at(second, 'new', [0])], [2, 0, 0, 0]);
  const third = open(disk);
  await third.changeTopic(old, (known) => known);
  assert.deepEqual([...at(third, 'old', [0, 1, 2]), ...at(third, 'new', [0])], [4, 2, 2, 2]);
  await third.beginDelete(old);
  await third.endDelete('old');
  await third.createTopic({ ...topic('old'), id: 'y'.repeat(22) });
  assert.deepEqual(at(third, 'old', [0]), [0]);
});

test('a file of before starts were counted counts them from now on', () => {
  const disk = newDisk();
  const state = { clusterId: 'c', nextProducerId: '0', topics: [topic('constructor')], deleting: [] };
  const stored = { version: 1, ...state, brokerConfigs: { cluster: {}, broker: {} } };
  disk.replaceFileSync(path, Buffer.from(JSON.stringify(stored)));
  assert.equal(open(disk).leaderEpoch('constructor', 0), 2);
  assert.equal(open(disk).leaderEpoch('constructor', 0), 4);
});

test('a garbled file is refused by the place of the fault, and nothing of it is quoted', () => {
  const disk = newDisk();
  disk.replaceFileSync(path, Buffer.from('{"version":1,"password":s3cret-of-nobody}'));
  assert.throws(
    () => open(disk),
    (error) => String(error).includes(path) && !/s3c|passw/.test(String(error)),
  );
});
