import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '@oubliette/runtime';
import { tombstoneBound } from '../../src/ways/topic-records.js';
import { TombstoneEraser } from '../../src/ways/tombstone-eraser.js';
import { TopicStage, afterTurns, keyOf, userRef } from './topic-stage.js';

const tombstones = ({ logs }: TopicStage, partition: number): string[] =>
  logs.records(partition).flatMap(({ key, value }) => (value === null && key.includes('#') ? [key] : []));

test('each of a user’s records gets one without a value behind it, and is gone from every replica within the bound', async (t) => {
  const stage = new TopicStage(t);
  stage.topic.append(0, keyOf(1, 1, 1), keyOf(1, 1, 2), keyOf(2, 1, 1));
  stage.topic.append(1, keyOf(3, 1, 1));
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  await stage.clock.advanceAsync(50);
  assert.deepEqual(tombstones(stage, 0), [keyOf(1, 1, 1), keyOf(1, 1, 2)]);
  assert.deepEqual(tombstones(stage, 1), []);
  const boundMs = tombstoneBound(await stage.topic.settings()).ms!;
  const took = await stage.until('ada gone', boundMs);
  assert.ok(took !== null, `not within ${boundMs} ms`);
  assert.ok(!stage.logs.holdsKeyOf(userRef(1)));
  assert.ok(stage.logs.holdsKeyOf(userRef(2)) && stage.logs.holdsKeyOf(userRef(3)));
  const [first, second] = stage.evidence.get('ada')!;
  assert.deepEqual([first?.partition, first?.tombstones, first?.mark], [0, 2, null]);
  assert.deepEqual(first?.passes.map(({ replica }) => replica).sort(), [1, 2, 3]);
  assert.deepEqual([second?.partition, second?.tombstones, second?.unseen], [1, 0, []]);
  assert.equal(second?.passes.length, 3);
});

test('a partition without anything of the user is read and not nudged', async (t) => {
  const stage = new TopicStage(t);
  stage.topic.append(1, keyOf(3, 1, 1));
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  assert.notEqual(await stage.until('ada gone', 10_000), null);
  assert.equal(stage.logs.calls.nudges, 0);
  assert.equal(stage.logs.calls.appends, 1);
});

test('records of a lifecycle that began after the forgetting stay', async (t) => {
  const stage = new TopicStage(t);
  stage.topic.append(0, keyOf(1, 1, 1), keyOf(1, 2, 1));
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  assert.notEqual(await stage.until('ada gone', 20_000), null);
  const standing = stage.logs.records(0).filter(({ value }) => value !== null);
  assert.deepEqual(
    standing.map(({ key }) => key).filter((key) => key.includes('#')),
    [keyOf(1, 2, 1)],
  );
});

test('a record that was on its way when its user was fenced is found, also where there was none before', async (t) => {
  const stage = new TopicStage(t);
  stage.topic.append(0, keyOf(2, 1, 1));
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  await stage.clock.advanceAsync(500);
  assert.ok(!stage.told.includes('ada gone'));
  stage.topic.append(0, keyOf(1, 1, 7));
  assert.notEqual(await stage.until('ada gone', 20_000), null);
  assert.ok(!stage.logs.holdsKeyOf(userRef(1)));
  assert.equal(stage.evidence.get('ada')?.[0]?.tombstones, 1);
});

test('many users are found by one read of each replica, and looks for new ones are spaced', async (t) => {
  const stage = new TopicStage(t, { settings: { segmentMs: 600_000, maxCompactionLagMs: 600_000 } });
  for (let user = 1; user <= 50; user++) stage.topic.append(0, keyOf(user, 1, 1));
  const eraser = stage.eraser(TombstoneEraser);
  for (let user = 1; user <= 50; user++) eraser.add(stage.job(`e${user}`, user));
  await stage.clock.advanceAsync(50);
  assert.equal(tombstones(stage, 0).length, 50);
  // One read of the leader in the partition that has them, of all three in the other.
  assert.equal(stage.logs.calls.scans, 4);
  for (let user = 51; user <= 60; user++) {
    stage.topic.append(0, keyOf(user, 1, 1));
    eraser.add(stage.job(`e${user}`, user));
    await stage.clock.advanceAsync(5_000);
  }
  // A minute has room for one more look, not for ten.
  assert.ok(stage.logs.calls.scans <= 12, `${stage.logs.calls.scans}`);
});

test('a replica that is away is named after its time, watched, and told of when it is back and clean', async (t) => {
  const stage = new TopicStage(t, { patienceMs: 6_000 });
  stage.topic.append(0, keyOf(1, 1, 1));
  stage.logs.stopBroker(3);
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  assert.notEqual(await stage.until('ada gone', 20_000), null);
  assert.deepEqual(stage.evidence.get('ada')?.[0]?.unseen, [{ replica: 3, why: 'down' }]);
  stage.told.length = 0;
  stage.logs.startBroker(3);
  let whole = false;
  for (let waited = 0; waited < 200_000 && !whole; waited += 1_000) {
    await stage.clock.advanceAsync(1_000);
    whole = stage.evidence.get('ada')!.every(({ unseen }) => unseen.length === 0);
  }
  assert.ok(whole && !stage.logs.holdsKeyOf(userRef(1)));
});

test('what an earlier process left unseen is watched by the next, with what was seen before', async (t) => {
  const stage = new TopicStage(t);
  const seen = { at: 1, logStart: '0', highWatermark: '1', records: 1 };
  const part = (partition: number, away: boolean) => ({
    partition,
    mark: null,
    tombstones: 4,
    passes: [{ ...seen, replica: 1 }],
    unseen: away ? [{ replica: 2, why: 'down' as const }] : [],
    unlinkedAt: 2,
  });
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1, { evidence: [part(0, true), part(1, false)] }));
  assert.notEqual(await stage.until('ada gone', 30_000, 500), null);
  const [first, second] = stage.evidence.get('ada')!;
  assert.deepEqual([first?.tombstones, first?.unseen, first?.passes.length], [4, [], 2]);
  assert.deepEqual(second, part(1, false));
});

test('a ledger that is away is told again, and a topic that is away is tried again', async (t) => {
  const stage = new TopicStage(t);
  stage.topic.append(0, keyOf(1, 1, 1));
  stage.logs.fail(new Error('away'));
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  await stage.clock.advanceAsync(5_000);
  stage.logs.fail(null);
  stage.outage = new Error('no ledger');
  await stage.clock.advanceAsync(20_000);
  assert.deepEqual(stage.told, []);
  stage.outage = null;
  assert.notEqual(await stage.until('ada gone', 40_000, 500), null);
});

test('an open transaction that holds up the cleaner is named', async (t) => {
  const stage = new TopicStage(t);
  stage.topic.append(0, keyOf(1, 1, 1));
  stage.logs.openTransaction(0, 7n);
  const eraser = stage.eraser(TombstoneEraser);
  eraser.add(stage.job('ada', 1));
  assert.notEqual(await stage.until('ada OPEN_TRANSACTION', 20_000), null);
  assert.deepEqual(
    eraser.blocked.map(({ partition, code, jobs }) => [partition, code, jobs]),
    [[0, 'OPEN_TRANSACTION', 1]],
  );
  stage.logs.endTransaction(7n);
  assert.notEqual(await stage.until('ada gone', 20_000), null);
  assert.deepEqual(eraser.blocked, []);
});

test('a record that lands while a long read goes on is found by the next', async (t) => {
  const stage = new TopicStage(t, { cluster: { brokers: 1, minInSync: 1 } });
  const { topic, clock } = stage;
  topic.append(0, keyOf(2, 1, 1));
  const read = topic.readReplica.bind(topic);
  topic.readReplica = async (partition, broker) => {
    const log = await read(partition, broker);
    // Longer than what is on its way may take.
    await sleep(clock, 3_000);
    return log;
  };
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1));
  await clock.advanceAsync(500);
  topic.append(0, keyOf(1, 1, 7));
  assert.notEqual(await stage.until('ada gone', 120_000, 1_000), null);
  assert.ok(!stage.logs.holdsKeyOf(userRef(1)));
});

test('a job that comes while the partitions are given out is seen through too', async (t) => {
  const stage = new TopicStage(t);
  const { topic } = stage;
  const eraser = stage.eraser(TombstoneEraser);
  const partitions = topic.partitions.bind(topic);
  for (let turns = 0; turns < 8; turns++) {
    let asked = false;
    topic.partitions = async () => {
      const all = await partitions();
      if (!asked) afterTurns(turns, () => eraser.add(stage.job(`b${turns}`, 2)));
      asked = true;
      return all;
    };
    eraser.add(stage.job(`a${turns}`, 1));
    assert.notEqual(await stage.until(`b${turns} gone`, 30_000, 500), null, `${turns} turns later`);
  }
});

test('partitions that were added since do not keep a replica that came back from being told of', async (t) => {
  const stage = new TopicStage(t);
  const before = {
    partition: 0,
    mark: null,
    tombstones: 4,
    passes: [{ at: 1, logStart: '0', highWatermark: '1', records: 1, replica: 1 }],
    unseen: [{ replica: 2, why: 'down' as const }],
    unlinkedAt: 2,
  };
  stage.eraser(TombstoneEraser).add(stage.job('ada', 1, { evidence: [before] }));
  assert.notEqual(await stage.until('ada gone', 30_000, 500), null);
  assert.deepEqual(
    stage.evidence.get('ada')?.map(({ partition, unseen }) => [partition, unseen]),
    [[0, []]],
  );
});

test('of more than 20,000 with a replica that is away for good the newest are watched', async (t) => {
  const stage = new TopicStage(t);
  stage.logs.stopBroker(3);
  const eraser = stage.eraser(TombstoneEraser);
  const part = { mark: null, tombstones: 0, passes: [], unlinkedAt: 2 };
  const watch = (id: string, user: number, partition: number, replica: number): void => {
    const unseen = [{ replica, why: 'down' as const }];
    eraser.add(stage.job(id, user, { evidence: [{ ...part, partition, unseen }] }));
  };
  watch('oldest', 1, 1, 3);
  // In another partition, so that the flow of the first has room for both: the bound is the eraser's.
  for (let user = 2; user <= 20_000; user++) watch(`e${user}`, user, 0, 9);
  await stage.clock.advanceAsync(10);
  watch('newest', 20_001, 1, 3);
  stage.logs.startBroker(3);
  assert.notEqual(await stage.until('newest gone', 60_000, 5_000), null);
  assert.deepEqual(stage.told, ['newest gone']);
});
