import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '@oubliette/runtime';
import { SeededEntropy, SimulatedDisk, type Failure } from '@oubliette/runtime/testing';
import { ClusterRegistry } from '../../src/topics/cluster-registry.js';
import { ClusterStore, type StoredTopic } from '../../src/topics/cluster-store.js';

const path = '/data/cluster.json';

function newDisk(): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/data');
  disk.syncDirectorySync('/');
  return disk;
}

function open(disk: Disk): ClusterRegistry {
  return new ClusterRegistry(new ClusterStore(disk, path), new SeededEntropy(1));
}

async function started(disk = newDisk()) {
  const registry = open(disk);
  await registry.prepare();
  return { disk, registry };
}

const topic = (name: string) => ({ name, id: name.padEnd(22, 'x'), partitions: 1, configs: {} });
const names = (registry: ClusterRegistry): string[] => [...registry.topics.keys()].sort();

/** Topics as the file says them now. */
function stored(disk: SimulatedDisk): string[] {
  return names(open(copyOf(disk)));
}

function copyOf(disk: SimulatedDisk): SimulatedDisk {
  const copy = newDisk();
  copy.replaceFileSync(path, disk.readFileSync(path));
  return copy;
}

/** How often the state's file was replaced from now on. */
function countWritings(disk: SimulatedDisk): () => number {
  let writings = 0;
  const renameSync = disk.renameSync.bind(disk);
  disk.renameSync = (from, to) => {
    if (to === path) writings++;
    renameSync(from, to);
  };
  return () => writings;
}

function settled(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error as { codeName?: string }).codeName ?? String(error),
  );
}

test('two thousand changes that are asked for together are a handful of writings', async () => {
  const { disk, registry } = await started();
  const writings = countWritings(disk);
  const changes = Array.from({ length: 2_000 }, (_, index) => registry.createTopic(topic(`t${index}`)));
  const [first] = changes;
  await first;
  const more = Array.from({ length: 500 }, (_, index) => registry.beginDelete(topic(`t${index}`)));
  await Promise.all([...changes, ...more]);
  assert.equal(registry.topics.size, 1_500);
  assert.ok(writings() <= 3, `${writings()} writings`);
  assert.equal(stored(disk).length, 1_500);
});

test('very many changes are made, and told of, in slices', async () => {
  const { registry } = await started();
  let made = 0;
  let told = 0;
  const changes = Array.from({ length: 1_000 }, () =>
    registry
      .changeBrokerConfigs((configs) => {
        made += 1;
        return configs;
      })
      .then(() => (told += 1)),
  );
  const most = { made: 0, told: 0 };
  while (told < changes.length) {
    const before = { made, told };
    await new Promise((resolve) => setImmediate(resolve));
    most.made = Math.max(most.made, made - before.made);
    most.told = Math.max(most.told, told - before.told);
  }
  assert.ok(most.made <= 200 && most.told <= 200, JSON.stringify(most));
});

test('a change is seen once it is on disk, and not before', async () => {
  const { disk, registry } = await started();
  let isDone = false;
  const creating = registry.createTopic(topic('a')).then(() => (isDone = true));
  while (!isDone) {
    assert.equal(registry.topics.has('a') && !stored(disk).includes('a'), false);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await creating;
  assert.deepEqual([names(registry), stored(disk)], [['a'], ['a']]);
});

test('of two requests at once each is held against what the other has made', async () => {
  const { registry } = await started();
  const a = topic('a');
  const outcomes = await Promise.all([
    settled(registry.createTopic(a)),
    settled(registry.createTopic(topic('a'))),
    settled(registry.createTopic(topic('a.b'))),
    settled(registry.createTopic(topic('a_b'))),
  ]);
  assert.deepEqual(outcomes, ['done', 'TOPIC_ALREADY_EXISTS', 'done', 'INVALID_TOPIC_EXCEPTION']);
  const add = (name: string) =>
    registry.changeTopic(a, (known) => ({ ...known, configs: { ...known.configs, [name]: '1' } }));
  await Promise.all([add('segment.ms'), add('retention.ms')]);
  assert.deepEqual(registry.topics.get('a')?.configs, { 'segment.ms': '1', 'retention.ms': '1' });
  const deletions = [settled(registry.beginDelete(a)), settled(registry.beginDelete(a))];
  assert.deepEqual(await Promise.all(deletions), ['done', 'UNKNOWN_TOPIC_OR_PARTITION']);
  const other = { ...topic('a.b'), id: 'another' };
  assert.equal(await settled(registry.beginDelete(other)), 'UNKNOWN_TOPIC_OR_PARTITION');
});

test('ids for many producers at once are all different, and most wait for no writing', async () => {
  const { disk, registry } = await started();
  const writings = countWritings(disk);
  const ids = await Promise.all(Array.from({ length: 3_500 }, () => registry.nextProducerId()));
  assert.equal(new Set(ids).size, 3_500);
  assert.ok(writings() <= 5, `${writings()} writings`);
  for (let index = 0; index < 5_000; index++) {
    let turns = 0;
    const id = registry.nextProducerId();
    while (turns < 20 && (await Promise.race([id, Promise.resolve(null)])) === null) turns++;
    assert.ok(turns < 20, 'an id was waited for');
    // What a request takes besides.
    if (index % 100 === 0) for (let step = 0; step < 10; step++) await new Promise((r) => setImmediate(r));
  }
});

/** Every operation on the disk, one by one, by its number. */
function counting(disk: SimulatedDisk, at: (step: number, name: string) => void): Disk {
  let step = 0;
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(from, key) {
        const value = Reflect.get(from, key) as unknown;
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          if (key !== 'closeSync') at(step++, String(key));
          const result: unknown = Reflect.apply(value, from, given);
          return key === 'openSync' ? wrap(result as object) : result;
        };
      },
    });
  return wrap(disk);
}

/** Changes of every kind, one after the other; `onDone` hears of each that was acknowledged. */
async function history(registry: ClusterRegistry, onDone: () => void): Promise<void> {
  await registry.prepare();
  const a = await registry.createTopic(topic('a'));
  onDone();
  await Promise.all([registry.createTopic(topic('b')), registry.createTopic(topic('c'))]);
  onDone();
  await registry.beginDelete(a);
  onDone();
  await registry.createTopic(topic('x'.repeat(240)));
  onDone();
}

const expected = [[], ['a'], ['a', 'b', 'c'], ['b', 'c'], ['b', 'c', 'x'.repeat(240)]];

test('a crash at any step leaves what was acknowledged, with or without the change under way', async () => {
  let steps = 0;
  await history(open(counting(newDisk(), () => steps++)), () => undefined);
  assert.ok(steps > 30, `${steps} steps`);
  for (let cut = 0; cut < steps; cut++) {
    for (let seed = 0; seed < 4; seed++) {
      const disk = newDisk();
      let survivor: SimulatedDisk | null = null;
      let done = 0;
      const cutDisk = counting(disk, (step) => {
        if (step < cut) return;
        survivor ??= disk.crash(seed);
      });
      await runUntilCut(cutDisk, () => {
        if (survivor === null) done++;
      });
      assert.ok(survivor !== null);
      const found = names(open(survivor));
      const allowed = [expected[done], expected[done + 1] ?? expected[done]].map((one) =>
        JSON.stringify(one),
      );
      assert.ok(
        allowed.includes(JSON.stringify(found)),
        `cut at ${cut}: ${JSON.stringify(found)} after ${done}`,
      );
      // What the crash left does not stand in the way.
      const next = open(survivor);
      await next.prepare();
      await next.createTopic(topic('later'));
      assert.deepEqual(stored(survivor), [...found, 'later'].sort());
    }
  }
});

async function runUntilCut(disk: Disk, onDone: () => void): Promise<void> {
  try {
    await history(open(disk), onDone);
  } catch {
    // The disk is dead from the cut on.
  }
}

const long = (index: number) => topic(`${index}${'l'.repeat(249)}`.slice(0, 249));

/** One change is within the reserve's margin, many make it grow. */
async function failOnce(failure: Failure, count: number, what: string): Promise<void> {
  const { disk, registry } = await started();
  await registry.createTopic(topic('a'));
  disk.fail(failure);
  const topics = Array.from({ length: count }, (_, index) => long(index));
  const outcomes = await Promise.all(topics.map((one) => settled(registry.createTopic(one))));
  const [outcome] = outcomes;
  assert.ok(outcome === 'done' || outcome === 'KAFKA_STORAGE_ERROR', `${what}: ${outcome}`);
  assert.equal(registry.topics.size, outcome === 'done' ? 1 + count : 1, what);
  disk.heal();
  assert.deepEqual(stored(disk), names(registry), what);
  await registry.createTopic(topic('b'));
  assert.deepEqual(stored(disk), names(registry), what);
  for (let seed = 0; seed < 2; seed++) assert.ok(names(open(disk.crash(seed))).includes('b'), what);
}

test('a failure at any step of a change: refused with KAFKA_STORAGE_ERROR, and not on disk, or done', async () => {
  for (const code of ['ENOSPC', 'EIO'] as const) {
    for (const operation of ['open', 'write', 'truncate', 'sync', 'rename', 'link', 'remove'] as const) {
      for (const match of [/\.tmp$/, /\.reserve$/, /cluster\.json$/, /\.old$/, /\/data$/]) {
        const failure = { operation, code, path: (at: string) => match.test(at), stored: 0.5 };
        for (const count of [1, 100])
          await failOnce(failure, count, `${code} ${operation} ${match} ${count}`);
      }
    }
  }
});

const set = (registry: ClusterRegistry, of: StoredTopic, configs: Readonly<Record<string, string>>) =>
  registry.changeTopic(of, (known) => ({ ...known, configs: { ...known.configs, ...configs } }), true);

test('on a full disk topics can be deleted, all of them; what takes room is refused, in the same request too', async () => {
  const { disk, registry } = await started();
  const topics = Array.from({ length: 60 }, (_, index) => long(index));
  await Promise.all(topics.map((one) => registry.createTopic(one)));
  disk.setFreeBytes(0);
  const [first, ...others] = topics;
  const outcomes = await Promise.all([
    settled(registry.createTopic(topic('new'))),
    settled(registry.beginDelete(first ?? topic('none'))),
    settled(registry.changeBrokerConfigs((configs) => ({ ...configs, broker: { 'log.roll.ms': '1' } }))),
    settled(registry.beginDelete(topic('new'))),
  ]);
  assert.deepEqual(outcomes, ['KAFKA_STORAGE_ERROR', 'done', 'done', 'UNKNOWN_TOPIC_OR_PARTITION']);
  assert.deepEqual(registry.brokerConfigs.broker, { 'log.roll.ms': '1' });
  assert.deepEqual(stored(disk), names(registry));
  for (const one of others) {
    await registry.beginDelete(one);
    await registry.endDelete(one.name);
  }
  assert.equal(stored(disk).length, 0);
  assert.equal(await settled(registry.createTopic(topic('new'))), 'KAFKA_STORAGE_ERROR');
  assert.deepEqual(stored(disk), []);
  disk.setFreeBytes(Infinity);
  await registry.createTopic(topic('new'));
  assert.deepEqual(names(open(disk.crash(1))), ['new']);
});

test('on a full disk settings can be changed as long as there is reserve, and take nothing of what deletions need', async () => {
  for (const count of [1, 60, 137]) {
    const { disk, registry } = await started();
    const topics = await Promise.all(
      Array.from({ length: count }, (_, index) => registry.createTopic(long(index))),
    );
    disk.setFreeBytes(0);
    const [a] = topics;
    assert.ok(a !== undefined);
    let changed = 0;
    const value = '1'.repeat(100);
    while ((await settled(set(registry, a, { [`setting-${changed}`]: value }))) === 'done') changed++;
    assert.ok(changed > 50 && changed < 300, `${changed} settings beside ${count} topics`);
    assert.equal(Object.keys(open(copyOf(disk)).topics.get(a.name)?.configs ?? {}).length, changed);
    // Lowered and removed settings are as good as ever.
    assert.equal(await settled(set(registry, a, { 'setting-0': '1' })), 'done');
    const before = await settled(registry.beginDelete(topics.at(-1) ?? a));
    assert.equal(before, 'done');
    for (const one of topics.slice(0, -1)) assert.equal(await settled(registry.beginDelete(one)), 'done');
    assert.deepEqual(names(open(disk.crash(count))), []);
  }
});

test('however large the state is, there is room for settings before the disk is full', async () => {
  const { disk, registry } = await started();
  for (let index = 0; index < 150; index++) {
    await registry.createTopic(long(index));
    const size = disk.statSync(`${path}.reserve`).size;
    const written = Buffer.from(disk.readFileSync(path)).toString('utf8');
    assert.equal(written.length, size);
    assert.ok(size - written.trimEnd().length >= 8_192, `${size} bytes, ${index} topics`);
  }
});

test('a setting that finds no room is refused alone: a deletion of the same moment is not', async () => {
  const { disk, registry } = await started();
  const [a, b] = [await registry.createTopic(topic('a')), await registry.createTopic(topic('b'))];
  disk.setFreeBytes(0);
  const outcomes = await Promise.all([
    settled(set(registry, a, { large: 'l'.repeat(30_000) })),
    settled(set(registry, a, { 'retention.ms': '1' })),
    settled(registry.beginDelete(b)),
  ]);
  assert.deepEqual(outcomes, ['KAFKA_STORAGE_ERROR', 'done', 'done']);
  assert.deepEqual(registry.topics.get('a')?.configs, { 'retention.ms': '1' });
  assert.deepEqual(names(open(disk.crash(5))), ['a']);
});

/** Makes one change on a full disk, cut at every step; `isOld` of what the next start finds, which it may refuse. */
async function cutEverywhere(
  change: (registry: ClusterRegistry, b: StoredTopic) => Promise<unknown>,
  isOld: (registry: ClusterRegistry) => boolean,
): Promise<void> {
  for (let cut = 0, wasCut = true; wasCut; cut++) {
    for (let seed = 0; seed < 4; seed++) {
      const { disk, registry: before } = await started();
      await before.createTopic(topic('a'));
      const b = await before.createTopic(topic('b'));
      await before.close();
      disk.setFreeBytes(0);
      let survivor: SimulatedDisk | null = null;
      let isArmed = false;
      let from = 0;
      const registry = open(
        counting(disk, (step) => {
          if (!isArmed) from = step + 1;
          else if (step - from >= cut) survivor ??= disk.crash(seed);
        }),
      );
      isArmed = true;
      const outcome = await settled(change(registry, b));
      wasCut = survivor !== null;
      if (!wasCut) assert.equal(outcome, 'done');
      const found = open(survivor ?? disk.crash(seed));
      assert.ok(!isOld(found) || outcome !== 'done', `cut at ${cut}: it was done, and is not there`);
    }
    assert.ok(cut < 100);
  }
}

test('a crash at any step of a deletion on a full disk leaves the old or the new state', () =>
  cutEverywhere(
    (registry, b) => registry.beginDelete(b),
    (found) => {
      assert.ok(['a', 'a,b'].includes(names(found).join()));
      return found.topics.has('b');
    },
  ));

test('a crash at any step of a changed setting on a full disk leaves the old or the new state', () =>
  cutEverywhere(
    (registry, b) => set(registry, b, { 'retention.ms': '1' }),
    (found) => {
      assert.deepEqual(names(found), ['a', 'b']);
      const { configs } = found.topics.get('b') ?? { configs: { gone: '' } };
      assert.ok(['{}', '{"retention.ms":"1"}'].includes(JSON.stringify(configs)));
      return Object.keys(configs).length === 0;
    },
  ));

test('after close a change is refused, and what was asked for before is stored', async () => {
  const { disk, registry } = await started();
  const creating = registry.createTopic(topic('a'));
  await registry.close();
  assert.deepEqual(stored(disk), ['a']);
  await creating;
  assert.equal(await settled(registry.createTopic(topic('b'))), 'NOT_CONTROLLER');
});
