import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboxSignal } from '@oubliette/event-sourcing';
import {
  eventStoreContract,
  outboxContract,
  projectionStoreContract,
} from '@oubliette/event-sourcing/testing';
import type { UserRef } from '@oubliette/keyring';
import {
  acknowledgementStoreContract,
  certificateStoreContract,
  erasureStoreContract,
  leaseStoreContract,
  lookupStoreContract,
  privacyLogContract,
} from '@oubliette/privacy/testing';
import { sleep, SystemClock } from '@oubliette/runtime';
import {
  execute,
  TypeOrmAcknowledgementStore,
  TypeOrmCertificateStore,
  TypeOrmErasureStore,
  TypeOrmEventStore,
  TypeOrmLeaseStore,
  TypeOrmLookupStore,
  TypeOrmOutbox,
  TypeOrmPrivacyLog,
  TypeOrmProjectionStore,
} from '../../src/index.js';
import { appendOnlyLedger } from './append-only.js';
import type { TestDatabase } from './embedded.js';

/** Every contract of the stores that this lib implements, on one kind of database. */
export function storeContracts(name: string, open: () => Promise<TestDatabase>): void {
  eventStoreContract(name, async () => {
    const { database, clock, close } = await open();
    const store = new TypeOrmEventStore(database, clock, new OutboxSignal());
    const outbox = new TypeOrmOutbox(database);
    return { store, now: () => clock.now(), outboxSize: () => outbox.size(), close };
  });

  outboxContract(name, async () => {
    const { database, clock, close } = await open();
    const signal = new OutboxSignal();
    let signals = 0;
    signal.subscribe(() => signals++);
    return {
      store: new TypeOrmEventStore(database, clock, signal),
      outbox: new TypeOrmOutbox(database),
      signals: () => signals,
      close,
    };
  });

  projectionStoreContract(name, async () => {
    const { database, close } = await open();
    await database.execute('CREATE TABLE rows_of_test (name varchar(64) PRIMARY KEY, content text)');
    return {
      store: new TypeOrmProjectionStore(database),
      put: async (manager, key, value) => {
        await execute(
          manager,
          `INSERT INTO rows_of_test (name, content) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET content = excluded.content`,
          [key, value],
        );
      },
      rows: async () => {
        const { rows } = await database.execute('SELECT name, content FROM rows_of_test');
        return new Map(rows.map((row) => [String(row['name']), String(row['content'])]));
      },
      close,
    };
  });

  erasureStoreContract(name, async () => {
    const { database, close } = await open();
    return { store: new TypeOrmErasureStore(database), close };
  });

  leaseStoreContract(name, async () => {
    const { database, close } = await open();
    const clock = new SystemClock();
    return { store: new TypeOrmLeaseStore(database), pass: (ms) => sleep(clock, ms), close };
  });

  certificateStoreContract(name, async () => {
    const { database, close } = await open();
    return { store: new TypeOrmCertificateStore(database), close };
  });

  acknowledgementStoreContract(name, async () => {
    const { database, close } = await open();
    return { store: new TypeOrmAcknowledgementStore(database), close };
  });

  appendOnlyLedger(name, open);

  privacyLogContract(name, async () => {
    const { database, close } = await open();
    return { log: new TypeOrmPrivacyLog(database), close };
  });

  test(`${name}: an entry of the privacy log can neither be changed nor taken away`, async () => {
    const { database, close } = await open();
    try {
      const log = new TypeOrmPrivacyLog(database);
      const userRef = '0'.repeat(32) as UserRef;
      const entry = { at: 1, kind: 'restricted', userRef, reason: 'a-ticket', erasureId: null } as const;
      const logged = await log.append(entry);
      await assert.rejects(
        database.execute("UPDATE oubliette_privacy_log SET reason = 'other'"),
        /append-only/,
      );
      await assert.rejects(database.execute('DELETE FROM oubliette_privacy_log'), /append-only/);
      assert.deepEqual(await log.list(10), [logged]);
    } finally {
      await close();
    }
  });

  lookupStoreContract(name, async () => {
    const { database, file, close } = await open();
    // A statement that nothing holds up is long over by then; the embedded database asks nobody else.
    const settle = () => sleep(new SystemClock(), file === '' ? 200 : 10);
    return { store: new TypeOrmLookupStore(database), settle, close };
  });
}
