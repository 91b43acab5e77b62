import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import type { UserRef } from '@oubliette/keyring';
import { silentLogger } from '../../src/logger.js';
import type { PartitionParts } from '../../src/nudger/nudge-job.js';
import { PendingJob } from '../../src/nudger/pending-job.js';
import { StandingTeller } from '../../src/nudger/standing-teller.js';

const stands = { values: 1, brokers: [1], unburied: [], passes: [], unseen: [], isSettling: false };

function stageOf(users: number, standing: (id: string, clock: ManualClock) => Promise<void>) {
  const clock = new ManualClock();
  const none = (): Promise<void> => Promise.resolve();
  const listener = { standing: (id: string) => standing(id, clock), blocked: none, gone: none, seen: none };
  const window = {} as PartitionParts['window'];
  const erased = { place: 'a topic' } as PartitionParts['erased'];
  const pending = Array.from({ length: users }, (_, index) => {
    const userRef = `${index}`.padStart(32, '0') as UserRef;
    return new PendingJob({ id: `e-${index}`, userRef, fencedAt: clock.now() }, clock);
  });
  const teller = new StandingTeller(0, { clock, listener, window, erased, logger: silentLogger });
  return {
    clock,
    pending,
    tell: () =>
      teller.tell(
        pending.map((job) => [job, stands]),
        null,
        clock.monotonic(),
      ),
  };
}

test('thousands in a partition are told of many at once: a slow ledger does not hold up the next look', async () => {
  let told = 0;
  const { clock, tell } = stageOf(1_000, async (_, time) => {
    await sleep(time, 10);
    told++;
  });
  const began = clock.monotonic();
  let tookMs = Number.NaN;
  const telling = tell().then(() => (tookMs = clock.monotonic() - began));
  await clock.advanceAsync(20_000);
  await telling;
  assert.equal(told, 1_000);
  assert.ok(tookMs <= 100, `${tookMs} ms for 1,000, at 10 ms each`);
});

test('the failure of one leaves the others told, and is told of again', async () => {
  const told: string[] = [];
  let fails = true;
  const { tell } = stageOf(3, (id) => {
    if (id === 'e-1' && fails) return Promise.reject(new Error('the ledger is away'));
    told.push(id);
    return Promise.resolve();
  });
  await assert.rejects(tell(), /the ledger is away/);
  assert.deepEqual(told, ['e-0', 'e-2']);
  fails = false;
  await tell();
  assert.deepEqual(told, ['e-0', 'e-2', 'e-1']);
});
