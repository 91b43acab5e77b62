import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erasureBoundMs, type KeyTopicWindow } from '../../src/index.js';
import { nudgeSpacingMs } from '../../src/nudger/timing.js';
import type { NudgeJob } from '../../src/nudger/nudge-job.js';
import { changed, Stage } from './stage.js';

/** As `guard apply` sets a key topic on Kafka with its own defaults. */
const tenMinutes = {
  segmentMs: 600_000,
  maxCompactionLagMs: 600_000,
  cleanerBackoffMs: 15_000,
  fileDeleteDelayMs: 60_000,
};

function asIfNobodyAppended(window: KeyTopicWindow): KeyTopicWindow {
  return changed(window, { appendedSince: () => Promise.resolve(false) });
}

test('continuous forgets cost at most one nudge a minute, and each is erased within the bound', async (t) => {
  const stage = await Stage.start(t, { settings: tenMinutes });
  const { d } = stage;
  const timings = await d.topic.settings();
  assert.equal(nudgeSpacingMs(timings), 60_000);
  const boundMs = erasureBoundMs(timings)!;
  // The fences are appends too, and would count as nudges.
  const nudger = stage.nudger({ window: asIfNobodyAppended(d.topic) });
  const userIds = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  await d.keyring.ensureKeys(userIds.map((userId) => d.keyring.userRef(userId)));
  const jobs: NudgeJob[] = [];
  for (const userId of userIds) {
    const job = await stage.forgotten(userId);
    jobs.push(job);
    nudger.add(job);
    await d.clock.advanceAsync(20_000);
  }
  await d.clock.advanceAsync(boundMs);
  assert.equal(nudger.pending, 0);
  for (const { id, fencedAt } of jobs) {
    const { unlinkedAt } = stage.evidence.get(id)!;
    assert.ok(unlinkedAt - fencedAt <= boundMs, `${unlinkedAt - fencedAt} of ${boundMs} ms`);
  }
  const tookMs = userIds.length * 20_000 + boundMs;
  const { nudges, scans } = d.topic.calls;
  assert.ok(nudges >= 2 && nudges <= tookMs / 60_000, `${nudges} nudges in ${tookMs} ms`);
  assert.ok(scans <= 3 * 2 * nudges, `${scans} reads of a replica for ${nudges} nudges`);
});

test('what others append counts: then nothing is nudged', async (t) => {
  const stage = await Stage.start(t, { settings: tenMinutes });
  const { d } = stage;
  const nudger = stage.nudger();
  nudger.add(await stage.forgotten('ada'));
  await d.clock.advanceAsync(599_980);
  for (let append = 0; append < 10; append++) {
    await d.clock.advanceAsync(10);
    d.topic.appendRecords(0, [{ key: Buffer.from('!other'), value: Uint8Array.of(1) }]);
  }
  assert.notEqual(await stage.until('ada gone', 120_000, 1_000), null);
  assert.equal(d.topic.calls.nudges, 0);
});

test('an erasure alone takes at most 1.2 times roll, cleaner and unlinking', async (t) => {
  const stage = await Stage.start(t, { settings: tenMinutes });
  stage.nudger().add(await stage.forgotten('ada'));
  const took = await stage.until('ada gone', 1_200_000, 1_000);
  const least = 600_000 + 15_000 + 60_000;
  assert.ok(took !== null && took <= 1.2 * least, `${took} ms, ${least} at least`);
});

test('nudges in vain are a minute apart', async (t) => {
  const stage = await Stage.start(t, { settings: tenMinutes, cluster: {} });
  const { d } = stage;
  d.topic.stopCleaner(1);
  stage.nudger().add(await stage.forgotten('ada'));
  await d.clock.advanceAsync(600_000 + 3_600_000);
  const { nudges } = d.topic.calls;
  assert.ok(nudges >= 40 && nudges <= 60, `${nudges} nudges in an hour`);
});
