import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataSource } from 'typeorm';
import { EmbeddedConnection } from '../src/embedded-connection.js';
import { openEmbeddedForTest } from './support/embedded.js';
import { springTransactionTrap, trapTable } from './support/transaction-trap.js';

describe('transactions that overlap in the embedded database', () => {
  it("lose acknowledged writes with TypeORM's own shared query runner: the reason for the lock", async () => {
    const dataSource = new DataSource({
      type: 'better-sqlite3',
      driver: EmbeddedConnection,
      database: ':memory:',
    });
    await dataSource.initialize();
    await dataSource.query(trapTable);
    const left = await springTransactionTrap(dataSource);
    await dataSource.destroy();
    assert.notDeepEqual(left, ['plain', 'second']);
  });

  it('lose nothing under the lock', async () => {
    const { database, close } = await openEmbeddedForTest();
    await database.execute(trapTable);
    assert.deepEqual(await springTransactionTrap(database.dataSource), ['plain', 'second']);
    await close();
  });

  it('show no other transaction what is not committed', async () => {
    const { database, close } = await openEmbeddedForTest();
    await database.execute(trapTable);
    let count: Promise<unknown> = Promise.resolve();
    const first = database.dataSource.transaction(async (manager) => {
      await manager.query(`INSERT INTO trap (name) VALUES ('first')`);
      count = database.dataSource.query('SELECT COUNT(*) AS count FROM trap');
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      throw new Error('rolled back');
    });
    await assert.rejects(first, /rolled back/);
    assert.deepEqual(await count, [{ count: 0 }]);
    await close();
  });

  it('tells a query from inside a transaction that it would wait for itself', async () => {
    const { database, close } = await openEmbeddedForTest();
    const nested = { code: 'NESTED_TRANSACTION' };
    await database.transaction(async (manager) => {
      await assert.rejects(database.execute('SELECT 1'), nested);
      await assert.rejects(
        database.transaction(async () => undefined),
        nested,
      );
      await assert.rejects(
        database.dataSource.transaction(async () => undefined),
        nested,
      );
      assert.deepEqual(await manager.query('SELECT 1 AS one'), [{ one: 1 }]);
      await manager.transaction((inner) => inner.query(trapTable));
    });
    await Promise.all([1, 2, 3].map(() => database.transaction((manager) => manager.query('SELECT 1'))));
    await close();
  });

  it('leave a usable connection behind when their owner forgets to end them', async () => {
    const { database, close } = await openEmbeddedForTest();
    await database.execute(trapTable);
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`INSERT INTO trap (name) VALUES ('left open')`);
    await runner.release();
    assert.deepEqual((await database.execute('SELECT * FROM trap')).rows, []);
    await close();
  });
});
