import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readCleanupSettings } from '../../src/guard/cleanup-settings.js';
import { expiryBound } from '../../src/ways/expiry-bound.js';
import { ExpiryEraser } from '../../src/ways/expiry-eraser.js';
import { TopicStage, afterTurns, keyOf, type TopicStageOptions } from './topic-stage.js';

const configs = {
  'cleanup.policy': 'delete',
  'retention.ms': '60000',
  'log.retention.check.interval.ms': '5000',
};
const aDay = 86_400_000;

/** Three records stand in partition 0, one in partition 1. */
function expiring(t: TestContext, options: TopicStageOptions = {}): TopicStage {
  const stage = new TopicStage(t, { configs, ...options });
  stage.topic.append(0, keyOf(1, 1, 1), keyOf(2, 1, 1), keyOf(1, 1, 2));
  stage.topic.append(1, keyOf(3, 1, 1));
  return stage;
}

function expireAll({ topic }: TopicStage, brokers: readonly number[] = [1, 2, 3]): void {
  for (const broker of brokers) {
    topic.expire(0, broker, 3n);
    topic.expire(1, broker, 1n);
  }
}

test('records are gone when the log of every replica begins behind what could be the user’s last, and files are unlinked', async (t) => {
  const stage = expiring(t);
  stage.eraser(ExpiryEraser).add(stage.job('ada', 1));
  await stage.clock.advanceAsync(59_000);
  assert.deepEqual(stage.told, []);
  assert.notEqual(await stage.until('ada marked', 10_000), null);
  assert.deepEqual(stage.marks.get('ada'), [
    { partition: 0, offset: '3' },
    { partition: 1, offset: '1' },
  ]);
  // What others write afterwards does not matter.
  stage.topic.append(0, keyOf(2, 1, 2));
  expireAll(stage, [1, 2]);
  assert.equal(await stage.until('ada gone', 60_000, 500), null);
  expireAll(stage, [3]);
  const took = await stage.until('ada gone', 120_000, 500);
  // A check's interval and file.delete.delay.ms at least.
  assert.ok(took !== null && took >= 5_000 + 1_000, `${took}`);
  const [first] = stage.evidence.get('ada')!;
  assert.deepEqual([first?.mark, first?.tombstones], ['3', 0]);
  assert.deepEqual(
    first?.passes.map(({ replica, logStart, highWatermark, records }) => [
      replica,
      logStart,
      highWatermark,
      records,
    ]),
    [1, 2, 3].map((replica) => [replica, '3', '4', null]),
  );
  assert.equal(stage.logs.calls.nudges, 0);
});

test('a restart goes on with the marks that the ledger has', async (t) => {
  const stage = expiring(t);
  const marks = [{ partition: 0, offset: '2' }];
  stage.topic.expire(0, 1, 2n);
  stage.topic.expire(0, 2, 2n);
  stage.topic.expire(0, 3, 2n);
  stage.eraser(ExpiryEraser).add(stage.job('ada', 1, { marks, forgottenAt: stage.clock.now() - aDay }));
  assert.notEqual(await stage.until('ada gone', 30_000, 500), null);
  assert.ok(!stage.told.includes('ada marked'));
  assert.deepEqual(
    stage.evidence.get('ada')?.map(({ partition, mark }) => [partition, mark]),
    [[0, '2']],
  );
});

test('a log that ends before the mark was cut, or made anew: what stands must go, and no more', async (t) => {
  const stage = expiring(t);
  const marks = [{ partition: 0, offset: '1000' }];
  stage.eraser(ExpiryEraser).add(stage.job('ada', 1, { marks, forgottenAt: stage.clock.now() - aDay }));
  assert.equal(await stage.until('ada gone', 30_000, 500), null);
  stage.topic.append(0, keyOf(2, 1, 2));
  expireAll(stage);
  assert.notEqual(await stage.until('ada gone', 30_000, 500), null);
  assert.equal(stage.evidence.get('ada')?.[0]?.mark, '3');
});

test('a replica that is away holds it up for its time, is named, and told of when it is back', async (t) => {
  const stage = expiring(t, { patienceMs: 90_000 });
  stage.logs.stopBroker(3);
  stage.eraser(ExpiryEraser).add(stage.job('ada', 1));
  assert.notEqual(await stage.until('ada marked', 70_000, 500), null);
  expireAll(stage, [1, 2]);
  const took = await stage.until('ada gone', 120_000, 500);
  assert.ok(took !== null && took >= 20_000, `${took}`);
  assert.ok(stage.told.includes('ada REPLICA_UNSEEN'));
  assert.deepEqual(stage.evidence.get('ada')?.[0]?.unseen, [{ replica: 3, why: 'down' }]);
  stage.told.length = 0;
  stage.logs.startBroker(3);
  // Back, and it still has them.
  assert.equal(await stage.until('ada gone', 60_000, 500), null);
  expireAll(stage, [3]);
  assert.notEqual(await stage.until('ada gone', 120_000, 500), null);
  assert.deepEqual(stage.evidence.get('ada')?.[0]?.unseen, []);
  assert.deepEqual(
    stage.evidence
      .get('ada')?.[0]
      ?.passes.map(({ replica }) => replica)
      .sort(),
    [1, 2, 3],
  );
});

test('what stands beyond the bound is said to be stuck, and how long that is stands in the guard’s terms', async (t) => {
  const stage = expiring(t, { settings: { segmentMs: 10_000, maxCompactionLagMs: 10_000 } });
  const bound = expiryBound(
    readCleanupSettings(
      {
        ...configs,
        'segment.ms': '10000',
        'file.delete.delay.ms': '1000',
        'message.timestamp.type': 'LogAppendTime',
      },
      configs,
    ),
  );
  // S + R + C + F of the guard, then 60 s for producers, two looks, and a follower's own check.
  assert.equal(bound.ms, 10_000 + 60_000 + 5_000 + 1_000 + (60_000 + 2 * 5_000 + 5_250));
  assert.equal(
    bound.terms.reduce((sum, { ms }) => sum + (ms ?? Number.NaN), 0),
    bound.ms,
  );
  const eraser = stage.eraser(ExpiryEraser);
  assert.equal(await eraser.boundMs(), bound.ms);
  eraser.add(stage.job('ada', 1));
  expireAll(stage, [1, 3]);
  assert.equal(await stage.until('ada RETENTION_STUCK', bound.ms! - 1_000, 1_000), null);
  assert.notEqual(await stage.until('ada RETENTION_STUCK', 20_000, 1_000), null);
  assert.ok(eraser.blocked.some(({ code, message }) => code === 'RETENTION_STUCK' && / 2 /.test(message)));
});

test('too few replicas in sync hold retention up, and that is said', async (t) => {
  const stage = expiring(t);
  const eraser = stage.eraser(ExpiryEraser);
  eraser.add(stage.job('ada', 1));
  assert.notEqual(await stage.until('ada marked', 70_000, 500), null);
  stage.logs.stopBroker(2);
  stage.logs.stopBroker(3);
  assert.notEqual(await stage.until('ada TOO_FEW_IN_SYNC', 60_000, 500), null);
});

test('without a bound of retention there is none', async (t) => {
  const stage = expiring(t, { configs: { ...configs, 'retention.ms': '-1' } });
  assert.equal(await stage.eraser(ExpiryEraser).boundMs(), null);
});

test('a ledger that cannot take the marks is asked again, and nothing is called gone before it has them', async (t) => {
  const stage = expiring(t);
  expireAll(stage);
  stage.outage = new Error('no ledger');
  stage.eraser(ExpiryEraser).add(stage.job('ada', 1));
  await stage.clock.advanceAsync(200_000);
  assert.deepEqual([stage.told, [...stage.marks]], [[], []]);
  stage.outage = null;
  assert.notEqual(await stage.until('ada gone', 200_000, 500), null);
  assert.equal(stage.marks.size, 1);
});

test('a job that comes while the last one ends is seen through too', async (t) => {
  const stage = expiring(t);
  expireAll(stage);
  const eraser = stage.eraser(ExpiryEraser);
  const marks = [{ partition: 0, offset: '3' }];
  for (let turns = 0; turns < 8; turns++) {
    stage.onGone = (id) => {
      if (id === `a${turns}`) afterTurns(turns, () => eraser.add(stage.job(`b${turns}`, 2, { marks })));
    };
    eraser.add(stage.job(`a${turns}`, 1, { marks }));
    assert.notEqual(await stage.until(`b${turns} gone`, 30_000, 500), null, `${turns} turns later`);
  }
});

test('a partition without a leader is named, and holds up nobody whose records are gone', async (t) => {
  const stage = expiring(t);
  const eraser = stage.eraser(ExpiryEraser);
  expireAll(stage);
  const marks = [
    { partition: 0, offset: '3' },
    { partition: 1, offset: '1' },
  ];
  eraser.add(stage.job('ada', 1, { marks }));
  await stage.clock.advanceAsync(1_000);
  eraser.add(stage.job('ben', 2, { forgottenAt: stage.clock.now() - aDay }));
  for (const broker of [1, 2, 3]) stage.logs.stopBroker(broker);
  assert.notEqual(await stage.until('ada gone', 30_000, 500), null);
  assert.notEqual(await stage.until('ben NO_LEADER', 60_000, 500), null);
  assert.deepEqual(
    eraser.blocked.map(({ partition, code, jobs }) => [partition, code, jobs]),
    [0, 1].map((partition) => [partition, 'NO_LEADER', 1]),
  );
  for (const broker of [3, 2, 1]) stage.logs.startBroker(broker);
  assert.notEqual(await stage.until('ben gone', 120_000, 500), null);
  assert.deepEqual(eraser.blocked, []);
});
