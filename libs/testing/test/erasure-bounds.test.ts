import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedLog } from '@oubliette/broker/testing';
import fc from 'fast-check';
import {
  boundOf,
  compactConfigurations,
  deleteConfigurations,
  openAged,
  secret,
  settingsOf,
  sweepMs,
  type Configuration,
} from './erasure-bounds.js';

// The guard's formulas against the bundled broker's log: what is computed from the settings, under Kafka's names, is never exceeded,
// and it is reached. `npm test` tries a few of them.
const numRuns = process.env['OUBLIETTE_FULL'] === '1' ? 1_000 : 10;
const seed = 20_261_123;
const choices = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 });

/** Appends somebody else's records at chosen pauses of at most `gapMs`, dated ahead as chosen, for `forMs`. */
async function others(
  log: SimulatedLog,
  { gapMs, aheadMs }: Configuration,
  forMs: number,
  chosen: readonly number[],
): Promise<void> {
  const end = log.now() + forMs;
  for (let step = 0; log.now() < end; step++) {
    const [pause = 1, ahead = 0] = [chosen[step % chosen.length], chosen[(step + 7) % chosen.length]];
    await log.advance(Math.min(end - log.now(), Math.ceil((0.4 + 0.6 * pause) * gapMs)));
    if (log.now() < end) await log.append(`other-${step % 3}`, 'x', Math.floor(ahead * aheadMs));
  }
}

test('delete: whatever the settings and the traffic, a record is gone when the bound has passed', async () => {
  await fc.assert(
    fc.asyncProperty(deleteConfigurations, choices, async (configuration, chosen) => {
      const [age = 0, before = 0, ahead = 0] = chosen;
      const log = await openAged(configuration, Math.floor(age * 1_000_000));
      if (before > 0.5) await log.append('other', 'x', Math.floor(ahead * configuration.aheadMs));
      await log.append('user', secret, Math.floor((chosen[3] ?? 0) * configuration.aheadMs));
      await others(log, configuration, boundOf(configuration), chosen);
      const isLeft = log.holds(secret);
      await log.close();
      assert.equal(isLeft, false, 'the record outlived the bound');
    }),
    { seed, numRuns, endOnFailure: true },
  );
});

/** How long a log must have lived so that a check that comes every `everyMs` comes just before `dueMs` after that. */
function ageBefore(dueMs: number, everyMs: number): number {
  const phase = (dueMs - 1) % everyMs;
  return phase === 0 ? everyMs : everyMs - phase;
}

async function nearBound(configuration: Configuration, log: SimulatedLog, from: number): Promise<void> {
  const bound = boundOf(configuration);
  const early = Math.floor(0.95 * bound) - (log.now() - from);
  // What is done on the way may reach beyond 95 % itself; then it is looked at there.
  await log.advance(Math.max(0, early));
  const stood = log.holds(secret);
  await log.advance(Math.max(0, from + bound - log.now()));
  const isLeft = log.holds(secret);
  await log.close();
  assert.equal(stood, true, 'the record was gone before 95 % of the bound, which is then worth little');
  assert.equal(isLeft, false, 'the record outlived the bound');
}

test('delete: driven to the worst, a record stands at 95 % of the bound and is gone at the bound', async () => {
  await fc.assert(
    fc.asyncProperty(deleteConfigurations, async (configuration) => {
      const { segmentMs, retentionMs, retentionCheckIntervalMs } = settingsOf(configuration);
      const { aheadMs } = configuration;
      // Expiry is missed by a moment: the check just before it.
      const age = ageBefore(aheadMs + segmentMs + retentionMs, retentionCheckIntervalMs);
      const log = await openAged(configuration, age);
      const from = log.now();
      await log.append('user', secret, aheadMs);
      // Records that keep the segment from expiring, until the last that it still takes and by which it expires.
      const rollsAt = from + aheadMs + segmentMs;
      while (log.now() < rollsAt) {
        await log.advance(Math.min(retentionMs, rollsAt - log.now()));
        await log.append('other', 'x');
      }
      await nearBound(configuration, log, from);
    }),
    { seed, numRuns, endOnFailure: true },
  );
});

test('compact: whatever the settings and the traffic, a tombstoned value is gone when the bound has passed', async () => {
  await fc.assert(
    fc.asyncProperty(compactConfigurations, choices, async (configuration, chosen) => {
      const [age = 0, before = 0, ahead = 0, later = 0] = chosen;
      const { aheadMs, transactionMs } = configuration;
      const log = await openAged(configuration, Math.floor(age * 1_000_000));
      if (before > 0.5) await log.append('other', 'x', Math.floor(ahead * aheadMs));
      await log.append('user', secret, Math.floor((chosen[4] ?? 0) * aheadMs));
      const abort = transactionMs > 0 ? await log.beginTransaction() : null;
      if (abort !== null) log.schedule(Math.floor(later * transactionMs), () => void abort());
      await log.append('user', null, Math.floor((chosen[5] ?? 0) * aheadMs));
      await others(log, configuration, boundOf(configuration), chosen);
      const isLeft = log.holds(secret);
      await log.close();
      assert.equal(isLeft, false, 'the value outlived the bound');
    }),
    { seed, numRuns, endOnFailure: true },
  );
});

test('compact: driven to the worst, the value stands at 95 % of the bound and is gone at the bound', async () => {
  await fc.assert(
    fc.asyncProperty(compactConfigurations, async (generated) => {
      // A transaction that begins in the tombstone's segment runs while the next append is waited for: L + max(G, X) is what can be
      // reached of L + G + X, so that one of the two is short here.
      const gapMs = generated.transactionMs > 0 ? sweepMs / 10 : generated.gapMs;
      const configuration = { ...generated, gapMs };
      const { aheadMs, transactionMs } = configuration;
      const settings = settingsOf(configuration);
      const { cleanerBackoffMs, fileDeleteDelayMs } = settings;
      const unreached = transactionMs > 0 ? gapMs : 0;
      const dueMs = boundOf(configuration) - cleanerBackoffMs - fileDeleteDelayMs - unreached;
      const log = await openAged(configuration, ageBefore(dueMs, cleanerBackoffMs));
      const from = log.now();
      await log.append('user', secret, aheadMs);
      await log.append('user', null, aheadMs);
      // The last record that the tombstone's segment still takes, then the longest pause.
      const rollMs = aheadMs + Math.min(settings.segmentMs, settings.maxCompactionLagMs);
      await log.advance(rollMs);
      const abort = transactionMs > 0 ? await log.beginTransaction() : null;
      if (abort === null) await log.append('other', 'x');
      else log.schedule(transactionMs, () => void abort());
      await log.advance(gapMs);
      await log.append('other', 'x');
      await nearBound(configuration, log, from);
    }),
    { seed, numRuns, endOnFailure: true },
  );
});

test('what the guard warns of: records dated back do not roll a compacted segment, unless the log dates them', async () => {
  for (const type of ['CreateTime', 'LogAppendTime']) {
    const configuration = {
      topic: {
        'cleanup.policy': 'compact',
        'segment.ms': '10000',
        'min.cleanable.dirty.ratio': '0',
        'message.timestamp.type': type,
        'message.timestamp.after.max.ms': '0',
      },
      broker: {},
      gapMs: 5_000,
      transactionMs: 0,
      aheadMs: 0,
    };
    const log = await openAged(configuration, 0);
    await log.append('user', secret);
    await log.append('user', null);
    const end = log.now() + 2 * boundOf(configuration);
    for (let behindMs = 5_000; log.now() < end; behindMs += 5_000) {
      await log.advance(5_000);
      await log.append('other', 'x', -behindMs);
    }
    assert.equal(log.holds(secret), type === 'CreateTime', type);
    await log.close();
  }
});
