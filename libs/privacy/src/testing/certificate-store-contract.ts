import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { checksOnEach, type UnderTest } from '@oubliette/runtime/testing';
import type { CertificateStore, IssuedCertificate } from '../certificate/certificate-store.js';

/** What a test of the contract gets: an empty store, and how to end it. */
export interface CertificateStoreUnderTest extends UnderTest {
  readonly store: CertificateStore;
}

/** What every CertificateStore must do. `factory` gives an empty one each time. */
export function certificateStoreContract(
  name: string,
  factory: () => Promise<CertificateStoreUnderTest>,
): void {
  const check = checksOnEach(factory);
  describe(`certificate store: ${name}`, () => {
    check('gives back what was added, byte for byte, in the order of the chain', async ({ store }) => {
      const chain = [1, 2, 3, 4, 5].map((number) => certificate(number, `e-${number % 2}`));
      assert.equal(await store.append(chain.slice(0, 2)), true);
      assert.equal(await store.append(chain.slice(2)), true);
      assert.deepEqual(await store.last(), chain[4]);
      assert.deepEqual(await store.list(0, 100), chain);
      assert.deepEqual(await store.list(1, 2), chain.slice(1, 3));
      assert.deepEqual(await store.list(5, 2), []);
    });

    check('gives the last certificate of each erasure that has one', async ({ store }) => {
      await store.append([certificate(1, 'e-1'), certificate(2, 'e-2'), certificate(3, 'e-1')]);
      const latest = await store.latestOf(['e-1', 'e-2', 'e-3']);
      assert.deepEqual(
        [...latest].sort(([a], [b]) => (a < b ? -1 : 1)),
        [
          ['e-1', certificate(3, 'e-1')],
          ['e-2', certificate(2, 'e-2')],
        ],
      );
    });

    check('knows nothing of what was never added', async ({ store }) => {
      assert.equal(await store.last(), null);
      assert.deepEqual(await store.list(0, 10), []);
      assert.equal((await store.latestOf([])).size, 0);
      assert.equal((await store.latestOf(['e-1'])).size, 0);
      assert.equal(await store.append([]), true);
    });

    check('lets one of several take a number, and the others nothing', async ({ store }) => {
      await store.append([certificate(1, 'e-0')]);
      const taken = await Promise.all(
        [1, 2, 3, 4].map((writer) =>
          store.append([certificate(2, `e-${writer}`), certificate(3, `e-${writer}`)]),
        ),
      );
      assert.equal(taken.filter((won) => won).length, 1);
      const chain = await store.list(0, 10);
      assert.deepEqual(
        chain.map(({ number }) => number),
        [1, 2, 3],
      );
      assert.equal(chain[1]?.erasureId, chain[2]?.erasureId);
    });
  });
}

function certificate(number: number, erasureId: string): IssuedCertificate {
  const digest = number.toString(16).padStart(64, '0');
  return { number, erasureId, digest, file: `{"of":"${erasureId} ü","number":${number}}` };
}
