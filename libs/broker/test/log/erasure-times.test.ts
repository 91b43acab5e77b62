import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogConfig, PartitionLog } from '../../src/log/partition-log.js';
import { batch, isInLog, isOnDisk, newLog, open, put, reopen, type World } from './fixture.js';

// What was seen on live Kafka 4.1.1 brokers with log.cleaner.backoff.ms=500, log.retention.check.interval.ms=1000 and
// file.delete.delay.ms=3000, replayed on a clock of our own.
const live = { fileDeleteDelayMs: 3_000, deleteRetentionMs: 86_400_000 };
const secret = 'SECRET-VALUE';

async function start(
  overrides: Partial<LogConfig>,
): Promise<{ world: World; log: PartitionLog; startMs: number }> {
  const world = await open({ ...live, ...overrides });
  return { world, log: newLog(world), startMs: world.clock.now() };
}

const compact: Partial<LogConfig> = {
  cleanupPolicy: new Set(['compact'] as const),
  segmentMs: 2_000,
  maxCompactionLagMs: 2_000,
  minCleanableDirtyRatio: 0,
};

/** Ticks of a second with one record of another key each, until the secret is gone; returns the seconds, or null. */
async function secondsUntilGone(
  world: World,
  log: PartitionLog,
  limit: number,
  trickle: boolean,
): Promise<number | null> {
  for (let tenths = 1; tenths <= limit * 10; tenths++) {
    await world.clock.advanceAsync(100);
    if (trickle && tenths % 10 === 0) await put(world, log, `other-${tenths}`, 'x');
    if (!isOnDisk(world, secret)) return tenths / 10;
  }
  return null;
}

test('idle after a tombstone the old value stays for ever, over a kill and a restart; one nudge frees it', async () => {
  const { world, log } = await start(compact);
  await put(world, log, 'user', secret);
  await put(world, log, 'user', null);
  await world.clock.advanceAsync(240_000);
  assert.equal(isInLog(world, secret), true);
  const next = await reopen(world, world.disk.crash(1));
  const again = next.logs.get('events', 0);
  assert.ok(again);
  await next.clock.advanceAsync(240_000);
  assert.equal(isInLog(next, secret), true);

  await put(next, again, 'nudge', 'x');
  await next.clock.advanceAsync(500);
  assert.deepEqual([isInLog(next, secret), isOnDisk(next, secret)], [false, true]);
  await next.clock.advanceAsync(2_900);
  assert.equal(isOnDisk(next, secret), true);
  await next.clock.advanceAsync(200);
  assert.equal(isOnDisk(next, secret), false);
});

test('a nudge before the segment is old enough does nothing', async () => {
  const { world, log } = await start(compact);
  await put(world, log, 'user', secret);
  await put(world, log, 'user', null);
  await world.clock.advanceAsync(1_999);
  await put(world, log, 'nudge', 'x');
  await world.clock.advanceAsync(240_000);
  assert.equal(isInLog(world, secret), true);
});

test('the tombstone itself goes in a second pass after delete.retention.ms, and that too needs a nudge', async () => {
  const { world, log } = await start({ ...compact, deleteRetentionMs: 60_000 });
  await put(world, log, 'the-user-key', secret);
  await put(world, log, 'the-user-key', null);
  await world.clock.advanceAsync(3_000);
  await put(world, log, 'nudge', '1');
  await world.clock.advanceAsync(5_000);
  assert.deepEqual([isInLog(world, secret), isInLog(world, 'the-user-key')], [false, true]);
  await world.clock.advanceAsync(120_000);
  assert.equal(isInLog(world, 'the-user-key'), true);
  await put(world, log, 'nudge', '2');
  await world.clock.advanceAsync(5_000);
  assert.equal(isOnDisk(world, 'the-user-key'), false);
});

test('a second nudge before the delete horizon keeps the tombstone', async () => {
  const { world, log } = await start({ ...compact, deleteRetentionMs: 60_000 });
  await put(world, log, 'the-user-key', null);
  for (const second of [3, 30, 50]) {
    await world.clock.advanceAsync(second * 1_000 - (world.clock.now() - 1_700_000_000_000));
    await put(world, log, 'nudge', String(second));
  }
  await world.clock.advanceAsync(5_000);
  assert.equal(isInLog(world, 'the-user-key'), true);
});

test('delete, R=8s, S=7d, idle: gone within 12 s', async () => {
  const { world, log } = await start({ retentionMs: 8_000 });
  await put(world, log, 'user', secret);
  const seconds = await secondsUntilGone(world, log, 60, false);
  assert.ok(seconds !== null && seconds > 11 && seconds <= 12.1, String(seconds));
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [1n, 1n]);
});

test('delete, R=8s, S=30s, a record a second: gone within 42 s, not much earlier', async () => {
  const { world, log } = await start({ retentionMs: 8_000, segmentMs: 30_000 });
  await put(world, log, 'user', secret);
  const seconds = await secondsUntilGone(world, log, 120, true);
  assert.ok(seconds !== null && seconds > 41 && seconds <= 42, String(seconds));
});

test('delete, R=8s, S=7d, a record a second: still there at 90 s', async () => {
  const { world, log } = await start({ retentionMs: 8_000 });
  await put(world, log, 'user', secret);
  assert.equal(await secondsUntilGone(world, log, 90, true), null);
});

test('a record dated 30 minutes ahead holds itself and an honest one behind it', async () => {
  const { world, log } = await start({ retentionMs: 8_000 });
  await put(world, log, 'future', 'x', 1_800_000);
  await put(world, log, 'user', secret);
  await world.clock.advanceAsync(1_800_000);
  assert.equal(isInLog(world, secret), true);
  await world.clock.advanceAsync(13_000);
  assert.equal(isOnDisk(world, secret), false);
});

test('compact, S=2s, m=10s, ratio 0, a record a second: gone within 15.5 s, not before m', async () => {
  const { world, log } = await start({
    ...compact,
    minCompactionLagMs: 10_000,
    maxCompactionLagMs: 1_000_000,
  });
  await put(world, log, 'user', secret);
  await put(world, log, 'user', null);
  const seconds = await secondsUntilGone(world, log, 60, true);
  assert.ok(seconds !== null && seconds > 13 && seconds <= 15.5, String(seconds));
});

test('compact, an open transaction that is aborted after 40 s, one nudge meanwhile: held until then, gone 4 s later', async () => {
  const { world, log } = await start(compact);
  const opening = batch([['in-transaction', 'x']], world.clock.now(), {
    producerId: 7n,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: true,
  });
  await log.append(opening, { durable: false });
  await put(world, log, 'user', secret);
  await put(world, log, 'user', null);
  await world.clock.advanceAsync(3_000);
  await put(world, log, 'nudge', 'x');
  assert.equal(await secondsUntilGone(world, log, 37, false), null);
  await log.appendMarker({ producerId: 7n, producerEpoch: 1, coordinatorEpoch: 0, result: 'abort' });
  const seconds = await secondsUntilGone(world, log, 60, false);
  assert.ok(seconds !== null && seconds > 3 && seconds <= 4, String(seconds));
});

test('compact, S=2s, M=15s, ratio 1, a record a second: gone within 18.6 s, not before M', async () => {
  const { world, log } = await start({ ...compact, maxCompactionLagMs: 15_000, minCleanableDirtyRatio: 1 });
  await put(world, log, 'user', secret);
  await put(world, log, 'user', null);
  const seconds = await secondsUntilGone(world, log, 60, true);
  assert.ok(seconds !== null && seconds > 15 && seconds <= 18.7, String(seconds));
});

test('compact with the default lag and ratio and little garbage never cleans', async () => {
  const { world, log } = await start({
    ...compact,
    maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
    minCleanableDirtyRatio: 1,
  });
  await put(world, log, 'user', secret);
  await put(world, log, 'user', null);
  assert.equal(await secondsUntilGone(world, log, 60, true), null);
});
