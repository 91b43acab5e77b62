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
  await first.database.execute('DROP TABLE oubliette_migrations, oubliette_events, oubliette_outbox');
  await first.database.execute('DROP TABLE oubliette_erasures, oubliette_checkpoints, oubliette_lookups');
  const others = await Promise.all([1, 2, 3].map(() => openDatabase({ clock: first.clock, url })));
  const { rows } = await first.database.execute('SELECT COUNT(*) AS count FROM oubliette_migrations');
  assert.equal(Number(rows[0]!['count']), 2);
  for (const other of others) await other.close();
  await first.close();
});
