import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erasureBoundMs } from '../../src/index.js';
import { Stage } from './stage.js';

const replicas = ({ passes }: { passes: readonly { replica: number }[] } = { passes: [] }): number[] =>
  passes.map(({ replica }) => replica).sort();

test('erased is what every replica read clean, each from itself, and the evidence has each read', async (t) => {
  const stage = await Stage.start(t);
  const { d } = stage;
  d.topic.stopCleaner(3);
  const job = await stage.forgotten('ada');
  stage.nudger().add(job);
  assert.equal(await stage.until('ada gone', 8_000), null);
  assert.ok(!d.topic.holdsKeyOf(job.userRef, [1, 2]) && d.topic.holdsKeyOf(job.userRef, [3]));
  d.topic.startCleaner(3);
  assert.notEqual(await stage.until('ada gone', 5_000), null);
  assert.ok(!d.topic.holdsKeyOf(job.userRef));
  const evidence = stage.evidence.get('ada');
  assert.ok(evidence);
  assert.deepEqual(replicas(evidence), [1, 2, 3]);
  assert.deepEqual(evidence.unseen, []);
  assert.equal(evidence.partition, 0);
  const end = await d.topic.end(0);
  for (const { at, logStart, highWatermark, records } of evidence.passes) {
    assert.equal(logStart, '0');
    assert.equal(highWatermark, `${end}`);
    assert.equal(records, d.topic.records(0).length);
    assert.ok(evidence.unlinkedAt >= at + 1_000);
  }
  assert.equal(evidence.bound.ms, erasureBoundMs(await d.topic.settings()));
  const sum = evidence.bound.terms.reduce((total, { ms }) => total + (ms ?? Number.NaN), 0);
  assert.equal(sum, evidence.bound.ms);
  assert.deepEqual(JSON.parse(JSON.stringify(evidence)), evidence);
});

test('a round reads each replica once for everybody, and none behind one that shows that all still stand', async (t) => {
  const stage = await Stage.start(t);
  const { d } = stage;
  const nudger = stage.nudger();
  for (const userId of ['ada', 'ben', 'cyd']) nudger.add(await stage.forgotten(userId));
  for (const userId of ['ada', 'ben', 'cyd'])
    assert.notEqual(await stage.until(`${userId} gone`, 8_000), null);
  assert.equal(d.topic.calls.scans, 3);
  for (const broker of [1, 2, 3]) d.topic.stopCleaner(broker);
  nudger.add(await stage.forgotten('dan'));
  d.topic.calls.scans = 0;
  await d.clock.advanceAsync(2_000 + 50 + 650 + 10);
  assert.equal(d.topic.calls.scans, 1);
});

test('a replica that is down holds up the erasure for the bound, is named, watched, and heard of once when it is clean', async (t) => {
  const stage = await Stage.start(t);
  const { d } = stage;
  const nudger = stage.nudger();
  const userRef = d.keyring.userRef('ada');
  await d.keyring.ensureKeys([userRef]);
  d.topic.stopBroker(3);
  nudger.add(await stage.forgotten('ada'));
  const boundMs = erasureBoundMs(await d.topic.settings())!;
  const took = await stage.until('ada gone', 2 * boundMs, 200);
  assert.ok(took !== null && took >= boundMs && took <= boundMs + 3_000, `${took} of ${boundMs} ms`);
  assert.deepEqual(stage.evidence.get('ada')?.unseen, [{ replica: 3, why: 'down' }]);
  assert.deepEqual(replicas(stage.evidence.get('ada')), [1, 2]);
  assert.ok(stage.told.includes('ada REPLICA_UNSEEN'));
  assert.deepEqual([nudger.pending, nudger.blocked], [0, []]);
  const { scans, nudges } = d.topic.calls;
  await d.clock.advanceAsync(300_000);
  // While it is away nothing is read and nothing written for it.
  assert.deepEqual([d.topic.calls.scans, d.topic.calls.nudges], [scans, nudges]);
  assert.ok(d.topic.holdsKeyOf(userRef, [3]) && !d.topic.holdsKeyOf(userRef, [1, 2]));

  // It gets the tombstone and the nudge in one append: they stand in its active segment until it is nudged again.
  d.topic.startBroker(3);
  assert.notEqual(await stage.until('ada seen', 120_000, 500), null);
  assert.ok(!d.topic.holdsKeyOf(userRef));
  assert.deepEqual(stage.evidence.get('ada')?.unseen, []);
  assert.deepEqual(replicas(stage.evidence.get('ada')), [1, 2, 3]);
  await d.clock.advanceAsync(60_000);
  assert.equal(stage.told.filter((what) => what === 'ada seen').length, 1);
});

test('a replica that is back as soon as the erasure is done is heard of within the time of a watch', async (t) => {
  const stage = await Stage.start(t, { parts: { patienceMs: 0 } });
  const { d } = stage;
  await d.keyring.ensureKeys([d.keyring.userRef('ada')]);
  d.topic.stopBroker(3);
  stage.nudger().add(await stage.forgotten('ada'));
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  d.topic.startBroker(3);
  const [watch, nudge] = [10_000, 5_000];
  assert.notEqual(await stage.until('ada seen', watch + nudge), null);
});

test('two replicas that were away are heard of one by one, the second after a restart', async (t) => {
  const stage = await Stage.start(t, { cluster: { brokers: 3 }, parts: { patienceMs: 0 } });
  const { d } = stage;
  const first = stage.nudger();
  d.topic.stopBroker(2);
  d.topic.stopBroker(3);
  const job = await stage.forgotten('ada');
  first.add(job);
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  assert.deepEqual(replicas(stage.evidence.get('ada')), [1]);
  d.topic.startBroker(2);
  assert.notEqual(await stage.until('ada seen', 120_000, 500), null);
  const evidence = stage.evidence.get('ada')!;
  assert.deepEqual([replicas(evidence), evidence.unseen], [[1, 2], [{ replica: 3, why: 'down' }]]);
  await first.close();
  stage.told.length = 0;
  stage.nudger().add({ ...job, erased: evidence });
  d.topic.startBroker(3);
  assert.notEqual(await stage.until('ada seen', 120_000, 500), null);
  assert.deepEqual(replicas(stage.evidence.get('ada')), [1, 2, 3]);
});

test('in sync but behind is not clean, whatever it shows', async (t) => {
  const stage = await Stage.start(t, { parts: { patienceMs: 0 } });
  const { d } = stage;
  const userRef = d.keyring.userRef('ada');
  // What it knows of ends before the user's first key: a read of it shows nothing.
  d.topic.freezeHighWatermark(0, 3, true);
  await d.keyring.ensureKeys([userRef]);
  stage.nudger().add(await stage.forgotten('ada'));
  assert.equal(await stage.until('ada gone', 60_000, 500), null);
  d.topic.freezeHighWatermark(0, 3, false);
  assert.notEqual(await stage.until('ada gone', 5_000), null);
  assert.deepEqual(replicas(stage.evidence.get('ada')), [1, 2, 3]);
});

test('a replica that runs and replicates nothing is out of sync, and clean when it has caught up', async (t) => {
  const stage = await Stage.start(t, { parts: { patienceMs: 10_000 } });
  const { d } = stage;
  const userRef = d.keyring.userRef('ada');
  await d.keyring.ensureKeys([userRef]);
  d.topic.lag(3, true);
  stage.nudger().add(await stage.forgotten('ada'));
  const took = await stage.until('ada gone', 20_000, 200);
  assert.ok(took !== null && took >= 10_000, `${took} ms`);
  assert.deepEqual(stage.evidence.get('ada')?.unseen, [{ replica: 3, why: 'out of sync' }]);
  assert.ok(d.topic.holdsKeyOf(userRef, [3]));
  d.topic.lag(3, false);
  assert.notEqual(await stage.until('ada seen', 120_000, 500), null);
  assert.ok(!d.topic.holdsKeyOf(userRef));
});

test('a key record that landed behind its fence is counted', async (t) => {
  const stage = await Stage.start(t);
  const { d } = stage;
  const userRef = d.keyring.userRef('ada');
  await d.keyring.ensureKeys([userRef]);
  const minted = d.topic.records(0).find(({ key }) => key.startsWith(`${userRef}#`))!;
  stage.nudger().add(await stage.forgotten('ada'));
  d.topic.appendRecords(0, [{ key: Buffer.from(minted.key), value: minted.value }]);
  assert.notEqual(await stage.until('ada gone', 20_000, 200), null);
  assert.equal(stage.evidence.get('ada')?.lateRecords, 1);
});
