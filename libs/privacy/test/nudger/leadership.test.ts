import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { ForgettingService, type Erasure } from '../../src/index.js';
import { InMemoryLeaseStore, leaseStoreContract } from '../../src/testing/index.js';
import { ManualClock } from '@oubliette/runtime/testing';
import { Deployment } from '../forgetting/forgetting-harness.js';

leaseStoreContract('in memory', () => {
  const clock = new ManualClock();
  return Promise.resolve({
    store: new InMemoryLeaseStore(clock),
    pass: (ms: number) => Promise.resolve(clock.advance(ms)),
  });
});

/** Two instances over one ledger, one key topic and one store of leases. */
async function two(t: TestContext) {
  const d = await Deployment.start({}, 1);
  t.after(() => d.stop());
  const leases = new InMemoryLeaseStore(d.clock);
  const asked: string[] = [];
  const acknowledgements = {
    about: async (erasures: readonly Erasure[]) =>
      void asked.push(...erasures.map(({ erasureId }) => erasureId)),
  };
  const instance = async (seed: number): Promise<ForgettingService> => {
    const { keyring, stores, topic: window, clock } = d;
    const { erasures: store, log } = stores;
    const entropy = new SeededEntropy(seed);
    const parts = { keyring, store, log, window, clock, entropy, leases, acknowledgements };
    const service = new ForgettingService(parts);
    t.after(() => service.close());
    await service.resume();
    return service;
  };
  await d.enrol('ada', 'ben');
  return { d, leases, asked, first: await instance(101), second: await instance(102) };
}

test('only the holder of the lease nudges and reads, for the others too', async (t) => {
  const { d, first, second } = await two(t);
  const { erasureId } = await second.request('ada');
  const took = await d.untilErased(erasureId, 10_000);
  assert.notEqual(took, null);
  assert.deepEqual([d.topic.calls.nudges, d.topic.calls.scans], [1, 1]);
  await first.request('ben');
  await d.clock.advanceAsync(10_000);
  assert.deepEqual([d.topic.calls.nudges, d.topic.calls.scans], [2, 2]);
});

test('an erasure that takes long is taken over once, not at every look at the ledger', async (t) => {
  const { d, asked, second } = await two(t);
  d.topic.stopCleaner(1);
  const { erasureId } = await second.request('ada');
  await d.clock.advanceAsync(60_000);
  // Where it was made, and where it is seen through.
  assert.deepEqual(asked, [erasureId, erasureId]);
  d.topic.startCleaner(1);
  assert.notEqual(await d.untilErased(erasureId, 60_000), null);
});

test('when the holder is closed, or its lease runs out, the other goes on with everything in the ledger', async (t) => {
  const { d, leases, first, second } = await two(t);
  const { erasureId } = await first.request('ada');
  await first.close();
  await d.clock.advanceAsync(5_100);
  assert.notEqual(await d.untilErased(erasureId, 5_000), null);
  // The holder cannot reach the store any more: it stops by itself before another may have the lease.
  const { nudges } = d.topic.calls;
  leases.fail(new Error('database lost'));
  await d.clock.advanceAsync(20_000);
  const ben = await second.request('ben');
  await d.clock.advanceAsync(30_000);
  assert.equal((await d.erasure(ben.erasureId)).state, 'forgotten');
  assert.equal(d.topic.calls.nudges, nudges);
  leases.fail(null);
  assert.notEqual(await d.untilErased(ben.erasureId, 20_000), null);
});

test('a closed instance leaves no timer behind', async () => {
  const d = await Deployment.start({}, 1);
  const { keyring, stores, topic: window, clock } = d;
  const service = new ForgettingService({
    keyring,
    store: stores.erasures,
    log: stores.log,
    window,
    clock,
    entropy: new SeededEntropy(1),
    leases: new InMemoryLeaseStore(clock),
  });
  await service.resume();
  await service.close();
  await d.stop();
  assert.equal(clock.pending, 0);
});
