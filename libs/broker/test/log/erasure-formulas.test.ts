import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogConfig, PartitionLog } from '../../src/log/partition-log.js';
import { batch, isOnDisk, newLog, open, put, type World } from './fixture.js';

// The worst cases of three formulas, reached and not exceeded, on a clock of ours. In seconds: A record's clock ahead, S segment.ms, R
// retention.ms, C retention check, F file.delete.delay.ms, M max.compaction.lag.ms, m min.compaction.lag.ms, G gap between appends,
// b cleaner backoff, D delete.retention.ms, X an open transaction's length. Our passes take no time.
const secret = 'SECRET-VALUE';
const C = 5_000;
const b = 2_000;
const F = 3_000;
const G = 1_000;

interface Case {
  readonly config: Partial<LogConfig>;
  /** ms */
  readonly bound: number;
  readonly ahead?: number;
  readonly transactionMs?: number;
}

async function start(config: Partial<LogConfig>): Promise<{ world: World; log: PartitionLog }> {
  const world = await open(
    { fileDeleteDelayMs: F, ...config },
    { retentionCheckIntervalMs: C, cleanerBackoffMs: b },
  );
  return { world, log: newLog(world) };
}

/** Appends every G ms until the bytes are off the disk; returns ms, or null when they outlive twice the bound. */
async function untilGone(
  world: World,
  log: PartitionLog,
  needle: string,
  bound: number,
): Promise<number | null> {
  const begin = world.clock.now();
  for (let step = 1; world.clock.now() - begin < 2 * bound; step++) {
    await world.clock.advanceAsync(G);
    await put(world, log, `other-${step % 3}`, 'x');
    if (!isOnDisk(world, needle)) return world.clock.now() - begin;
  }
  return null;
}

function near(ms: number | null, bound: number, slack: number, name: string): void {
  assert.ok(ms !== null && ms <= bound, `${name}: ${ms} ms, the bound is ${bound}`);
  assert.ok(
    ms > bound - slack,
    `${name}: ${ms} ms is far below the bound of ${bound}, which is then worth little`,
  );
}

test('W = A + S + R + C + F for the policy delete', async () => {
  const cases: Case[] = [
    { config: { segmentMs: 30_000, retentionMs: 20_000 }, bound: 30_000 + 20_000 + C + F },
    { config: { segmentMs: 10_000, retentionMs: 60_000 }, bound: 10_000 + 60_000 + C + F },
    {
      config: { segmentMs: 10_000, retentionMs: 20_000, messageTimestampAfterMaxMs: 40_000 },
      ahead: 40_000,
      bound: 40_000 + 10_000 + 20_000 + C + F,
    },
  ];
  for (const [index, { config, bound, ahead = 0 }] of cases.entries()) {
    const { world, log } = await start(config);
    await put(world, log, 'user', secret, ahead);
    near(await untilGone(world, log, secret, bound), bound + G, C + 2 * G + ahead, `case ${index}`);
  }
});

test('Wv = E + b + F for the policy compact, E = max(L + G + X, L + m, M unless everything dirty is cleaned)', async () => {
  const L = 8_000;
  const compact = { cleanupPolicy: new Set(['compact'] as const), deleteRetentionMs: 3_600_000 };
  const cases: Case[] = [
    { config: { ...compact, segmentMs: L, minCleanableDirtyRatio: 0 }, bound: L + G + b + F },
    { config: { ...compact, maxCompactionLagMs: L, minCleanableDirtyRatio: 1 }, bound: L + G + b + F },
    {
      config: {
        ...compact,
        segmentMs: L,
        minCompactionLagMs: 20_000,
        maxCompactionLagMs: 90_000,
        minCleanableDirtyRatio: 0,
      },
      bound: L + 20_000 + G + b + F,
    },
    {
      config: { ...compact, segmentMs: L, maxCompactionLagMs: 40_000, minCleanableDirtyRatio: 1 },
      bound: 40_000 + G + b + F,
    },
    {
      config: { ...compact, segmentMs: L, minCleanableDirtyRatio: 0 },
      transactionMs: 30_000,
      bound: L + 30_000 + G + b + F,
    },
  ];
  for (const [index, { config, bound, transactionMs = 0 }] of cases.entries()) {
    const { world, log } = await start(config);
    if (transactionMs > 0) await openTransaction(world, log, transactionMs);
    await put(world, log, 'user', secret);
    await put(world, log, 'user', null);
    const ms = await untilGone(world, log, secret, bound);
    near(ms, bound + G, b + L + 3 * G, `case ${index}`);
  }
});

test('Wt = 2 (E + b) + D + F for the tombstone itself', async () => {
  const L = 8_000;
  const D = 30_000;
  const { world, log } = await start({
    cleanupPolicy: new Set(['compact'] as const),
    segmentMs: L,
    minCleanableDirtyRatio: 0,
    deleteRetentionMs: D,
  });
  await put(world, log, 'the-user-key', null);
  const bound = 2 * (L + G + b) + D + F;
  const ms = await untilGone(world, log, 'the-user-key', bound);
  near(ms, bound + G, L + 2 * b + 3 * G, 'tombstone');
});

test('unbounded: no append after the tombstone, or a ratio above 0 without a maximum lag', async () => {
  const compact = { cleanupPolicy: new Set(['compact'] as const), segmentMs: 2_000 };
  const idle = await start({ ...compact, maxCompactionLagMs: 2_000, minCleanableDirtyRatio: 0 });
  await put(idle.world, idle.log, 'user', secret);
  await put(idle.world, idle.log, 'user', null);
  await idle.world.clock.advanceAsync(600_000);
  assert.ok(isOnDisk(idle.world, secret));
  const clean = await start({ ...compact, minCleanableDirtyRatio: 1 });
  await put(clean.world, clean.log, 'user', secret);
  await put(clean.world, clean.log, 'user', null);
  assert.equal(await untilGone(clean.world, clean.log, secret, 60_000), null);
});

test('an open transaction holds cleaning back to its first record, for as long as it is open; retention not', async () => {
  for (const policy of ['compact', 'delete'] as const) {
    const { world, log } = await start({
      cleanupPolicy: new Set([policy]),
      segmentMs: 2_000,
      retentionMs: 8_000,
      minCleanableDirtyRatio: 0,
    });
    await openTransaction(world, log, 10_000_000);
    await put(world, log, 'user', secret);
    await put(world, log, 'user', null);
    assert.equal((await untilGone(world, log, secret, 60_000)) === null, policy === 'compact', policy);
  }
});

/** A transaction that begins now and is aborted after `ms`, as by transaction.timeout.ms. */
async function openTransaction(world: World, log: PartitionLog, ms: number): Promise<void> {
  const opening = batch([['in-transaction', 'x']], world.clock.now(), {
    producerId: 7n,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: true,
  });
  await log.append(opening, { durable: false });
  world.clock.schedule(ms, () => {
    void log.appendMarker({ producerId: 7n, producerEpoch: 1, coordinatorEpoch: 0, result: 'abort' });
  });
}
