import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { sleep } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { PendingErasures } from '../../src/forgetting/pending-erasures.js';
import { silentLogger } from '../../src/logger.js';
import type { Erasure, ErasureStore } from '../../src/index.js';
import { InMemoryErasureStore, requestedErasure } from '../../src/testing/index.js';

/** On the clock's own time. */
const begun = Math.floor(new ManualClock().now());
const user = (number: number): Erasure =>
  requestedErasure({
    erasureId: `e-${number}`,
    userRef: number.toString(16).padStart(32, '0') as UserRef,
    requestedAt: begun + number,
  });

function staged(store: Pick<ErasureStore, 'pending'>, followed: readonly string[] = []) {
  const clock = new ManualClock();
  const driven: number[] = [];
  const pending = new PendingErasures({
    store,
    clock,
    logger: silentLogger,
    driver: {
      drive: (erasures) => {
        driven.push(erasures.length);
        return Promise.resolve(erasures);
      },
      follows: ({ erasureId }) => followed.includes(erasureId),
      watchUnseen: () => Promise.resolve(),
    },
  });
  return { clock, driven, pending };
}

async function ledger(count: number): Promise<InMemoryErasureStore> {
  const store = new InMemoryErasureStore();
  await store.openAll(Array.from({ length: count }, (_, number) => user(number)));
  return store;
}

test('what is pending is driven on a thousand at a time, however many there are', async () => {
  const { driven, pending } = staged(await ledger(2_300));
  await pending.resume();
  assert.deepEqual(driven, [1_000, 1_000, 300]);
});

test('of other instances’ erasures those are adopted that nobody sees through', async () => {
  const store = await ledger(4);
  const [one, two, three] = await store.pending(3);
  for (const erasure of [one!, two!])
    await store.advance({ ...erasure, revision: 1, state: 'forgotten', updatedAt: 0 });
  await store.advance({ ...three!, revision: 1, state: 'held', updatedAt: 0 });
  const { clock, driven, pending } = staged(store, [two!.erasureId]);
  await clock.advanceAsync(60_000 + 3 - 1);
  await pending.adopt();
  assert.deepEqual(driven, [1]);
  // A request that stands for a minute was left by an instance that crashed.
  await clock.advanceAsync(1);
  await pending.adopt();
  assert.deepEqual(driven, [1, 2]);
});

test('reading a ledger that takes long takes at most a fifth of the time', async () => {
  let reads = 0;
  const { clock, pending } = staged({
    pending: async () => {
      reads++;
      await sleep(clock, 2_000);
      return [];
    },
  });
  for (let asked = 0; asked < 20; asked++) {
    void pending.adopt();
    await clock.advanceAsync(5_000);
  }
  assert.equal(reads, 10);
});
