import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { openPostgresForTest, postgresForTest } from './support/postgres.js';
import { springTransactionTrap, trapTable } from './support/transaction-trap.js';

after(async () => (await postgresForTest()).stop());

it('transactions that overlap in PostgreSQL lose nothing', async () => {
  const { database, close } = await openPostgresForTest();
  await database.execute(trapTable);
  assert.deepEqual(await springTransactionTrap(database.dataSource), ['plain', 'second']);
  await close();
});

it('processes that start at the same time migrate once', async () => {
  const first = await openPostgresForTest();
  const url = (first.database.dataSource.options as { url: string }).url;
  const { openDatabase } = await import('../src/index.js');
  const migrations = async (): Promise<number> => {
    const { rows } = await first.database.execute('SELECT COUNT(*) AS count FROM oubliette_migrations');
    return Number(rows[0]!['count']);
  };
  const all = await migrations();
  await first.database.execute('DROP SCHEMA public CASCADE');
  await first.database.execute('CREATE SCHEMA public');
  const others = await Promise.all([1, 2, 3].map(() => openDatabase({ clock: first.clock, url })));
  assert.equal(await migrations(), all);
  for (const other of others) await other.close();
  await first.close();
});
