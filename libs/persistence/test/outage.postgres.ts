import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { openPostgresForTest, postgresForTest } from './support/postgres.js';

after(async () => (await postgresForTest()).stop());

const unreachable = { code: 'DATABASE_UNREACHABLE', retriable: true };

it('a connection that the server ends is worth another try, and the next one works', async () => {
  const { database, close } = await openPostgresForTest();
  const severed = database.transaction((manager) =>
    manager.query('SELECT pg_terminate_backend(pg_backend_pid())'),
  );
  await assert.rejects(severed, unreachable);
  assert.equal((await database.execute('SELECT 1 AS one')).rows[0]?.['one'], 1);
  await close();
});

it('a lost connection to something else, in a transaction, is not taken for the database', async () => {
  const { database, close } = await openPostgresForTest();
  const elsewhere = Object.assign(new Error('a web service is away'), { code: 'ECONNREFUSED' });
  const work = database.transaction(() => Promise.reject(elsewhere));
  await assert.rejects(work, (error) => error === elsewhere);
  await close();
});
