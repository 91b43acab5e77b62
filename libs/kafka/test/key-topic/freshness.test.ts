import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeardAt } from '@oubliette/keyring';
import { keyLogAbsenceContract } from '@oubliette/keyring/testing';
import fc from 'fast-check';
import { scene } from './scene.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const record = (key: string): { key: Uint8Array; value: Uint8Array } => ({
  key: utf8(key),
  value: utf8('v'),
});

keyLogAbsenceContract('over a simulated link', () => {
  const deleteRetentionMs = 60_000;
  const { clock, link, topic } = scene(2, { deleteRetentionMs, timedPolls: true });
  return Promise.resolve({
    clock,
    deleteRetentionMs,
    log: topic,
    cut: () => (link.down = true),
    mend: () => (link.down = false),
    append: (partition, records) => void link.appendElsewhere(partition, records),
    clean: () => {
      for (const [partition, { records }] of link.partitions.entries()) {
        const last = new Map(
          records.map((standing) => [Buffer.from(standing.key).toString('latin1'), standing]),
        );
        const kept = new Set([...last.values()].filter(({ value }) => value !== null));
        link.compact(partition, (standing) => kept.has(standing));
      }
    },
    dispose: () => Promise.resolve(),
  });
});

test('the moment last heard is never later than what was given, however slow requests and answers are', async () => {
  const delay = fc.integer({ min: 0, max: 1_500 });
  const step = fc.record({
    afterMs: fc.integer({ min: 1, max: 900 }),
    appends: fc.integer({ min: 0, max: 2 }),
    partition: fc.integer({ min: 0, max: 1 }),
    there: delay,
    back: delay,
    fails: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  });
  const steps = fc.array(step, { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, async (course) => {
      const { clock, link, topic, seen, listener } = scene(2, { timedPolls: true });
      const appended: { at: number; line: string }[] = [];
      const given = new Set<string>();
      const check = (): void => {
        for (const line of seen.splice(0)) given.add(line);
        for (const partition of [0, 1]) {
          const heard = topic.heard(partition);
          if (heard === null) continue;
          assert.ok(heard.monotonic <= clock.monotonic());
          for (const { at, line } of appended)
            if (line.startsWith(`${partition}/`) && at <= heard.monotonic) assert.ok(given.has(line), line);
        }
      };
      const following = topic.follow(listener);
      for (const { afterMs, appends, partition, there, back, fails } of course) {
        link.delaysMs = () => [there, back];
        if (fails) link.failures.push(new Error('connection lost'));
        for (let n = 0; n < appends; n++) {
          const offset = link.appendElsewhere(partition, [record('k')]);
          // One that lands in the very moment of a request may come before or after it.
          appended.push({ at: clock.monotonic() + 0.5, line: `${partition}/${offset} k` });
        }
        for (let passed = 0; passed < afterMs; passed += 100) {
          await clock.advanceAsync(Math.min(100, afterMs - passed));
          check();
        }
      }
      link.delaysMs = () => [0, 0];
      await clock.advanceAsync(10_000);
      await following;
      check();
      assert.equal(given.size, appended.length);
      await topic.close();
    }),
    { numRuns: 40 },
  );
});

test('an answer that comes later than tombstones stand is not believed', async () => {
  const { clock, link, topic, seen, listener } = scene(1, {
    deleteRetentionMs: 10_000,
    timedPolls: true,
    tellsAll: true,
  });
  await topic.follow(listener);
  await clock.advanceAsync(2_000);
  // It is read when the tombstone is gone, and comes in time by the moment at which it was sent.
  link.delaysMs = () => [9_000, 2_000];
  link.answerPolls();
  await clock.advanceAsync(1);
  link.delaysMs = () => [0, 0];
  link.appendElsewhere(0, [record('a')]);
  const before = topic.heard(0);
  await clock.advanceAsync(10_900);
  assert.deepEqual(topic.heard(0), before);
  await clock.advanceAsync(200);
  assert.deepEqual(seen, ['replayed 0', 'restarted 0', '0/0 a', 'replayed 0']);
  await topic.close();
});

test('asleep with a poll under way: its answer is not believed on awaking', async () => {
  const { clock, link, topic, seen, listener } = scene(1, { deleteRetentionMs: 60_000, tellsAll: true });
  await link.append(0, [record('a')]);
  await topic.follow(listener);
  clock.setWall(clock.now() + 60_001);
  link.answerPolls();
  await clock.advanceAsync(0);
  assert.deepEqual(seen, ['0/0 a', 'replayed 0', 'restarted 0', '0/0 a', 'replayed 0']);
  await topic.close();
});

test('a clock set forward costs one new reading, not more', async () => {
  const { clock, topic, seen, listener } = scene(1, {
    deleteRetentionMs: 60_000,
    timedPolls: true,
    tellsAll: true,
  });
  await topic.follow(listener);
  clock.setWall(clock.now() + 86_400_000);
  await clock.advanceAsync(10_000);
  assert.deepEqual(seen, ['replayed 0', 'restarted 0', 'replayed 0']);
  await topic.close();
});

test('a replay that takes longer than tombstones stand starts over, and fails when that does not help', async () => {
  const { clock, link, topic, warnings, errors, progress, seen, listener } = scene(1, {
    deleteRetentionMs: 10_000,
    timedPolls: true,
    tellsAll: true,
  });
  for (let n = 0; n < 8; n++) await link.append(0, [record('k')]);
  link.answerRecords = 1;
  link.delaysMs = () => [0, 2_000];
  const following = assert.rejects(topic.follow(listener), {
    code: 'KEY_TOPIC_BEHIND',
    retriable: false,
    message: /delete\.retention\.ms=10000/,
  });
  await clock.advanceAsync(12_000);
  assert.deepEqual(seen.slice(-2), ['0/4 k', 'restarted 0']);
  assert.deepEqual(
    progress.at(-1),
    { read: 0n, total: 8n },
    'what has to be read anew is not counted as read',
  );
  await clock.advanceAsync(60_000);
  await following;
  assert.deepEqual(
    warnings.map(({ restarts }) => restarts),
    [1, 2, 3],
  );
  assert.equal(errors.length, 1);
  assert.equal(topic.heard(0), null);
  await assert.rejects(topic.append(0, [record('c')]), { code: 'KEY_TOPIC_BEHIND' });
  await topic.close();
});

test('a replay that is quick enough the second time goes on', async () => {
  const { clock, link, topic, seen, listener } = scene(1, { deleteRetentionMs: 10_000, timedPolls: true });
  for (let n = 0; n < 8; n++) await link.append(0, [record('k')]);
  link.answerRecords = 1;
  link.delaysMs = () => [0, 2_000];
  const following = topic.follow(listener);
  await clock.advanceAsync(12_000);
  link.delaysMs = () => [0, 100];
  await clock.advanceAsync(5_000);
  await following;
  assert.equal(seen.length, 5 + 8);
  await topic.close();
});

test('the smaller of what is declared, in force and was in force says how long tombstones stand', async () => {
  const asked = scene(1, { deleteRetentionMs: 60_000, timedPolls: true, tellsAll: true });
  const { clock, link, topic, seen, listener } = asked;
  const away = async (ms: number): Promise<number> => {
    seen.length = 0;
    link.down = true;
    await clock.advanceAsync(ms);
    link.down = false;
    await clock.advanceAsync(10_000);
    return seen.filter((line) => line.startsWith('restarted')).length;
  };
  asked.inForce = '30000';
  await topic.follow(listener);
  assert.equal(await away(20_000), 0);
  assert.equal(await away(40_000), 1, 'in force is less than declared');
  asked.inForce = '15000';
  await clock.advanceAsync(600_000);
  assert.equal(await away(20_000), 1, 'it is asked for anew');
  asked.inForce = '86400000';
  await clock.advanceAsync(600_000);
  assert.equal(await away(20_000), 1, 'what was cleaned under the smaller one went by it');
  assert.equal(await away(5_000), 0);
  await topic.close();
  assert.equal(clock.pending, 0);
});

test('where the cluster does not tell, what is declared counts, and the log says so', async () => {
  for (const answer of [undefined, 'no number', new Error('TOPIC_AUTHORIZATION_FAILED')]) {
    const silent = scene(1, { deleteRetentionMs: 30_000, timedPolls: true, tellsAll: true });
    const { clock, link, topic, seen, warnings, listener } = silent;
    silent.inForce = answer;
    await topic.follow(listener);
    assert.equal(warnings[0]?.['deleteRetentionMs'], 30_000);
    link.down = true;
    await clock.advanceAsync(30_001);
    link.down = false;
    await clock.advanceAsync(10_000);
    assert.ok(seen.includes('restarted 0'));
    await topic.close();
  }
});

test('progress is told at most ten times a second, and at the end', async () => {
  const { clock, link, topic, progress, listener } = scene(1, { timedPolls: true });
  await link.append(
    0,
    Array.from({ length: 1_000 }, () => record('k')),
  );
  link.answerRecords = 1;
  link.delaysMs = () => [0, 1];
  const following = topic.follow(listener);
  await clock.advanceAsync(1_100);
  await following;
  assert.ok(progress.length >= 9 && progress.length <= 12, `${progress.length} calls`);
  assert.deepEqual(progress[0], { read: 0n, total: 1_000n });
  assert.deepEqual(progress.at(-1), { read: 1_000n, total: 1_000n });
  await topic.close();
});

test('a log that is no longer believed was heard at no time', async () => {
  const { link, clock, topic, listener } = scene();
  await link.append(0, [record('a'), record('b')]);
  await topic.follow(listener);
  const before: HeardAt | null = topic.heard(0);
  assert.ok(before !== null);
  const log = link.partitions[0];
  assert.ok(log !== undefined);
  log.records = [];
  log.end = 0n;
  link.answerPolls();
  await clock.advanceAsync(0);
  assert.equal(topic.heard(0), null);
  await topic.close();
});
