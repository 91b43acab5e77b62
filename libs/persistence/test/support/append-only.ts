import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestedErasure } from '@oubliette/privacy/testing';
import { TypeOrmErasureStore } from '../../src/index.js';
import type { TestDatabase } from './embedded.js';

/** What no port can say: the ledger's table refuses to change, whoever asks. */
export function appendOnlyLedger(name: string, open: () => Promise<TestDatabase>): void {
  test(`${name} refuses to change or remove a step of an erasure`, async () => {
    const { database, close } = await open();
    try {
      const store = new TypeOrmErasureStore(database);
      const erasure = await store.open(
        requestedErasure({ erasureId: 'e-1', userRef: '0'.repeat(32) as never }),
      );
      for (const change of ["UPDATE oubliette_ledger SET entry = '{}'", 'DELETE FROM oubliette_ledger'])
        await assert.rejects(database.execute(change), /oubliette_ledger is append-only/);
      assert.deepEqual(
        (await store.entries(0, 10)).map((entry) => entry.erasure),
        [erasure],
      );
    } finally {
      await close();
    }
  });
}
