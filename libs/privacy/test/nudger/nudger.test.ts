import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ReplicaLog } from '@oubliette/kafka';
import { sleep } from '@oubliette/runtime';
import type { KeyTopicWindow } from '../../src/index.js';
import { Nudger } from '../../src/nudger/nudger.js';
import { silentLogger } from '../../src/logger.js';
import type { NudgeListener } from '../../src/nudger/nudge-job.js';
import { changed } from './stage.js';
import { Deployment } from '../forgetting/forgetting-harness.js';

/** Keys of a log with these settings are never cleaned: no ratio is above 1, and the lag is a year. */
const neverCleaned = { minCleanableDirtyRatio: 1, maxCompactionLagMs: 31_536_000_000 };

async function nudging(t: TestContext, change: (window: KeyTopicWindow, d: Deployment) => KeyTopicWindow) {
  const d = await Deployment.start(neverCleaned, 1);
  const { keyring, clock } = d;
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  const { erasedAt: fencedAt } = await keyring.forget(userRef);
  const told: string[] = [];
  const listener: NudgeListener = {
    standing: (id, values) => Promise.resolve(void told.push(`${id} ${values}`)),
    blocked: (id, { code }) => Promise.resolve(void told.push(`${id} ${code}`)),
    gone: (id) => Promise.resolve(void told.push(`${id} gone`)),
    seen: (id) => Promise.resolve(void told.push(`${id} seen`)),
  };
  const window = change(d.topic, d);
  const nudger = new Nudger({ window, keyring, clock, logger: silentLogger, listener });
  t.after(async () => {
    const closed = nudger.close();
    // A read that sleeps on this clock ends only when time moves.
    await clock.advanceAsync(10_000);
    await closed;
    await d.stop();
  });
  const job = { id: 'e-1', userRef, fencedAt };
  nudger.add(job);
  return { d, nudger, told, job };
}

/** The same topic, with every read of a replica going through `records`. */
function reading(
  window: KeyTopicWindow,
  records: (given: ReplicaLog['records']) => ReplicaLog['records'],
): KeyTopicWindow {
  return changed(window, {
    readReplica: async (partition, broker) => {
      const log = await window.readReplica(partition, broker);
      return { ...log, records: records(log.records) };
    },
  });
}

test('looks go on with growing pauses while a key stands, and what stands is told once, however often it is asked for', async (t) => {
  const { d, nudger, told, job } = await nudging(t, (window) => window);
  await d.clock.advanceAsync(20_000);
  nudger.add(job);
  await d.clock.advanceAsync(13_000);
  // The roll is 2 s here, so the pause has grown to its least and most: 650 ms.
  assert.ok(d.topic.calls.scans >= 30 && d.topic.calls.scans <= 50, `${d.topic.calls.scans} reads`);
  assert.deepEqual(told, ['e-1 1']);
  assert.equal(nudger.pending, 1);
});

test('reading a large partition takes at most a fifth of the time', async (t) => {
  const { d } = await nudging(t, (window, { clock }) => {
    return reading(window, async function* (records) {
      await sleep(clock, 2_000);
      yield* records;
    });
  });
  await d.clock.advanceAsync(100_000);
  assert.ok(d.topic.calls.scans >= 8 && d.topic.calls.scans <= 10, `${d.topic.calls.scans} reads`);
});

test('close ends a read that is under way, and nothing begins afterwards', async (t) => {
  let isReading = false;
  const { d, nudger } = await nudging(t, (window, { clock }) => {
    return reading(window, async function* (records) {
      isReading = true;
      try {
        const all = [];
        for await (const record of records) all.push(record);
        for (;;) {
          yield* all;
          await sleep(clock, 10);
        }
      } finally {
        isReading = false;
      }
    });
  });
  await d.clock.advanceAsync(10_000);
  assert.ok(isReading);
  const closed = nudger.close();
  await d.clock.advanceAsync(20);
  await closed;
  assert.ok(!isReading);
  const { nudges } = d.topic.calls;
  nudger.add({ id: 'e-2', userRef: d.keyring.userRef('ada'), fencedAt: 0 });
  await d.clock.advanceAsync(60_000);
  assert.equal(d.topic.calls.nudges, nudges);
});

test('a key record that comes back after its erasure leaves the log, also while another user is stuck', async (t) => {
  const d = await Deployment.start();
  t.after(() => d.stop());
  const { keyring, topic, clock } = d;
  const service = d.service();
  const partition = (userId: string): number => keyring.partitionOf(keyring.userRef(userId));
  const stuck = ['b', 'c', 'd', 'e', 'f'].find((userId) => partition(userId) !== partition('ada'))!;
  await d.enrol('ada', stuck);
  const isKey = ({ key }: { key: string }): boolean => key.startsWith(`${keyring.userRef('ada')}#`);
  const [backup] = topic.records(partition('ada')).filter(isKey);
  const { erasureId } = await service.request('ada');
  assert.notEqual(await d.untilErased(erasureId), null);

  await service.request(stuck);
  // A version that this process does not know: it may not bury what could be a living key.
  const unreadable = Buffer.from(`${keyring.userRef(stuck)}#0123456789abcdef`);
  topic.appendRecords(partition(stuck), [{ key: unreadable, value: new Uint8Array(90).fill(9) }]);
  await clock.advanceAsync(5_000);
  topic.appendRecords(partition('ada'), [{ key: Buffer.from(backup!.key), value: backup!.value }]);
  assert.ok(d.holds('ada'));
  await clock.advanceAsync(60_000);
  assert.ok(!d.holds('ada'));
});
