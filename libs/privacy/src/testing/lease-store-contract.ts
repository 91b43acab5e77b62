import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { checksOnEach, type UnderTest } from '@oubliette/runtime/testing';
import type { LeaseStore } from '../ports.js';

/** What a test of the contract gets: an empty store, how its time passes, and how to end it. */
export interface LeaseStoreUnderTest extends UnderTest {
  readonly store: LeaseStore;
  readonly pass: (ms: number) => Promise<void>;
}

const long = 3_600_000;
const short = 50;

/** What every LeaseStore must do. `factory` gives an empty one each time. */
export function leaseStoreContract(name: string, factory: () => Promise<LeaseStoreUnderTest>): void {
  const check = checksOnEach(factory);
  describe(`lease store: ${name}`, () => {
    check('gives a lease to one holder, however many ask at once', async ({ store }) => {
      const holders = Array.from({ length: 8 }, (_, index) => `holder-${index}`);
      const given = await Promise.all(holders.map((holder) => store.acquire('work', holder, long)));
      assert.equal(given.filter((isOurs) => isOurs).length, 1);
    });

    check(
      'lets the holder hold it for longer, and nobody else have it meanwhile',
      async ({ store, pass }) => {
        assert.equal(await store.acquire('work', 'a', short), true);
        assert.equal(await store.acquire('work', 'a', long), true);
        await pass(3 * short);
        assert.equal(await store.acquire('work', 'b', long), false);
      },
    );

    check('gives it to another when it has run out, and then not back', async ({ store, pass }) => {
      assert.equal(await store.acquire('work', 'a', short), true);
      await pass(3 * short);
      assert.equal(await store.acquire('work', 'b', long), true);
      assert.equal(await store.acquire('work', 'a', long), false);
    });

    check('takes it back from its holder, and from nobody else', async ({ store }) => {
      await store.acquire('work', 'a', long);
      await store.release('work', 'b');
      assert.equal(await store.acquire('work', 'b', long), false);
      await store.release('work', 'a');
      assert.equal(await store.acquire('work', 'b', long), true);
      await store.release('never', 'a');
    });

    check('keeps leases of other names apart', async ({ store }) => {
      assert.equal(await store.acquire('work', 'a', long), true);
      assert.equal(await store.acquire('other', 'b', long), true);
    });
  });
}
