import { OutboxSignal } from '@oubliette/event-sourcing';
import {
  eventStoreContract,
  outboxContract,
  projectionStoreContract,
} from '@oubliette/event-sourcing/testing';
import { certificateStoreContract, erasureStoreContract, lookupStoreContract } from '@oubliette/privacy/testing';
import { sleep, SystemClock } from '@oubliette/runtime';
import {
  execute,
  TypeOrmCertificateStore,
  TypeOrmErasureStore,
  TypeOrmEventStore,
  TypeOrmLookupStore,
  TypeOrmOutbox,
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

  certificateStoreContract(name, async () => {
    const { database, close } = await open();
    return { store: new TypeOrmCertificateStore(database), close };
  });

  appendOnlyLedger(name, open);

  lookupStoreContract(name, async () => {
    const { database, file, close } = await open();
    // A statement that nothing holds up is long over by then; the embedded database asks nobody else.
    const settle = () => sleep(new SystemClock(), file === '' ? 200 : 10);
    return { store: new TypeOrmLookupStore(database), settle, close };
  });
}
