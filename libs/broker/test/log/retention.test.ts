import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogConfig, PartitionLog } from '../../src/log/partition-log.js';
import { batch, files, newLog, open, readAll, reopen, startMs, type World } from './fixture.js';

const both = new Set(['compact', 'delete'] as const);

async function put(world: World, log: PartitionLog, key: string, ahead = 0, value = 'x'): Promise<void> {
  const result = await log.append(batch([[key, value]], world.clock.now() + ahead), { durable: true });
  await result.durable;
}

async function start(overrides: Partial<LogConfig>): Promise<{ world: World; log: PartitionLog }> {
  const world = await open({ fileDeleteDelayMs: 3_000, ...overrides });
  await world.clock.advanceAsync(0);
  return { world, log: newLog(world) };
}

const segments = (world: World): string[] => files(world).filter((name) => name.endsWith('.log'));
const deleted = (world: World): string[] => files(world).filter((name) => name.endsWith('.deleted'));

test('a segment rolls on the append that is later than segment.ms after its first batch, by their timestamps, never by the clock', async () => {
  const { world, log } = await start({ segmentMs: 2_000, retentionMs: -1 });
  await put(world, log, 'a');
  await world.clock.advanceAsync(60_000);
  assert.equal(segments(world).length, 1);
  await put(world, log, 'b', 2_000 - 60_000);
  assert.equal(segments(world).length, 1);
  await put(world, log, 'c', 2_001 - 60_000);
  assert.equal(segments(world).length, 2);
});

test('segment.jitter.ms lets segments roll up to that much earlier, each by its own chance', async () => {
  const { world, log } = await start({ segmentMs: 10_000, segmentJitterMs: 4_000, retentionMs: -1 });
  const lives: number[] = [];
  for (let count = segments(world).length, born = 0, ms = 0; ms < 300_000; ms += 100) {
    await put(world, log, 'a', ms);
    if (segments(world).length > count) {
      if (count > 0) lives.push(ms - born);
      [count, born] = [segments(world).length, ms];
    }
  }
  assert.ok(lives.length > 25 && new Set(lives).size > 10, lives.join());
  assert.ok(
    lives.every((life) => life > 6_000 && life <= 10_100),
    lives.join(),
  );
});

test('retention.ms counts from a segment’s largest timestamp, oldest first, and stops at the first that is not expired', async () => {
  const { world, log } = await start({ segmentMs: 1_000, retentionMs: 10_000 });
  await put(world, log, 'a');
  await put(world, log, 'b', 1_500);
  await put(world, log, 'c', 30_000);
  await put(world, log, 'd', -10_000);
  assert.equal(segments(world).length, 3);
  await world.clock.advanceAsync(10_000);
  assert.equal(log.logStartOffset, 0n);
  await world.clock.advanceAsync(1_000);
  assert.equal(log.logStartOffset, 1n);
  await world.clock.advanceAsync(1_000);
  assert.equal(log.logStartOffset, 2n, 'the segment with the future record holds what follows');
  await world.clock.advanceAsync(27_000);
  assert.equal(log.logStartOffset, 2n);
  await world.clock.advanceAsync(2_000);
  assert.deepEqual([log.logStartOffset, log.logEndOffset, segments(world).length], [4n, 4n, 1]);
});

test('retention.bytes deletes whole segments only, as many as leave the bound covered, whatever their age', async () => {
  const { world, log } = await start({ segmentBytes: 1_000, retentionBytes: 2_000, retentionMs: -1 });
  for (let index = 0; index < 6; index++) await put(world, log, `k${index}`, 0, 'v'.repeat(700));
  const each = log.sizeBytes / 6;
  await world.clock.advanceAsync(1_000);
  const left = Math.ceil(2_000 / each);
  assert.equal(segments(world).length, left, `${each} bytes each`);
  assert.equal(log.logStartOffset, BigInt(6 - left));
});

test('what size lets go is settled before time: a segment that time frees does not free the next one by size in the same check', async () => {
  const { world, log } = await start({ segmentBytes: 1_000, retentionBytes: 2_900, retentionMs: 5_000 });
  await put(world, log, 'large and old', 0, 'v'.repeat(900));
  for (let index = 0; index < 4; index++) await put(world, log, `k${index}`, 20_000, 'v'.repeat(600));
  await world.clock.advanceAsync(5_000);
  const before = log.logStartOffset;
  await world.clock.advanceAsync(1_000);
  assert.deepEqual([before, log.logStartOffset], [0n, 1n]);
});

test('deleted segments keep their bytes under .deleted for file.delete.delay.ms, and over a stop until the next start', async () => {
  const { world, log } = await start({ retentionMs: 5_000 });
  await put(world, log, 'a');
  await world.clock.advanceAsync(6_000);
  assert.ok(deleted(world).some((name) => name.endsWith('.log.deleted')));
  await world.clock.advanceAsync(2_900);
  assert.ok(deleted(world).length > 0);
  await world.clock.advanceAsync(100);
  assert.deepEqual(deleted(world), []);

  await put(world, log, 'b');
  await world.clock.advanceAsync(6_000);
  assert.ok(deleted(world).length > 0);
  await world.logs.close();
  assert.equal(world.clock.pending, 0);
  assert.ok(deleted(world).length > 0, 'a stopped broker keeps them, as Kafka does');
  await reopen(world);
  assert.deepEqual(deleted(world), []);
});

test('with compact alone nothing is too old or too much; only what lies behind the log start goes', async () => {
  const { world, log } = await start({
    cleanupPolicy: new Set(['compact'] as const),
    segmentBytes: 300,
    retentionMs: 1_000,
    retentionBytes: 0,
    minCleanableDirtyRatio: 1,
  });
  for (let index = 0; index < 8; index++) await put(world, log, `k${index}`, 0, 'v'.repeat(100));
  await world.clock.advanceAsync(60_000);
  assert.equal(log.logStartOffset, 0n);
  log.deleteRecordsBefore(5n);
  await world.clock.advanceAsync(1_000);
  assert.equal(log.logStartOffset, 5n);
  assert.ok((await readAll(log)).every((row) => row.offset >= 5n));
  assert.ok(segments(world).every((name) => BigInt(name.slice(0, 20)) >= 4n));
});

test('retention of a compacted log is the cleaner’s: at log.cleaner.backoff.ms, and never with the cleaner off', async () => {
  for (const enable of [true, false]) {
    const world = await open(
      { cleanupPolicy: both, retentionMs: 5_000, minCleanableDirtyRatio: 1 },
      { retentionCheckIntervalMs: 3_600_000, cleaner: () => ({ enable }) },
    );
    await world.clock.advanceAsync(0);
    const log = newLog(world);
    await put(world, log, 'a');
    await world.clock.advanceAsync(6_000);
    assert.equal(log.logStartOffset, enable ? 1n : 0n);
  }
});

test('compact and delete: an old value goes by time although its key is not superseded', async () => {
  const { world, log } = await start({ cleanupPolicy: both, segmentMs: 1_000, retentionMs: 8_000 });
  await put(world, log, 'alive');
  await world.clock.advanceAsync(9_000);
  assert.deepEqual(await readAll(log), []);
  assert.ok(world.clock.now() === startMs + 9_000 && log.logEndOffset === 1n);
});
