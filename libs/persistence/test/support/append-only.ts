import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestedErasure } from '@oubliette/privacy/testing';
import { TypeOrmCertificateStore, TypeOrmErasureStore } from '../../src/index.js';
import type { TestDatabase } from './embedded.js';

/** What no port can say: the tables themselves refuse to change, whoever asks. */
export function appendOnlyLedger(name: string, open: () => Promise<TestDatabase>): void {
  test(`${name} refuses to change or remove a step of an erasure and a certificate`, async () => {
    const { database, close } = await open();
    try {
      const store = new TypeOrmErasureStore(database);
      const erasure = await store.open(
        requestedErasure({ erasureId: 'e-1', userRef: '0'.repeat(32) as never }),
      );
      const certificates = new TypeOrmCertificateStore(database);
      const certificate = { number: 1, erasureId: 'e-1', digest: '00', file: '{}' };
      await certificates.append([certificate]);
      for (const change of [
        "UPDATE oubliette_ledger SET entry = '{}'",
        'DELETE FROM oubliette_ledger',
        "UPDATE oubliette_certificates SET file = ''",
        'DELETE FROM oubliette_certificates',
      ])
        await assert.rejects(database.execute(change), /is append-only/);
      assert.deepEqual(await certificates.list(0, 10), [certificate]);
      assert.deepEqual(
        (await store.entries(0, 10)).map((entry) => entry.erasure),
        [erasure],
      );
    } finally {
      await close();
    }
  });
}
