import type { DataSource, EntityManager } from 'typeorm';

/** Table of the trap. */
export const trapTable = 'CREATE TABLE trap (name varchar(20) PRIMARY KEY)';

const insert = (manager: EntityManager, name: string) =>
  manager.query(`INSERT INTO trap (name) VALUES ('${name}')`);

/**
 * Overlaps a transaction that rolls back with another transaction and a plain write; both others report success.
 * Resolves to the names that are there afterwards, sorted: right is `plain` and `second`.
 */
export async function springTransactionTrap(dataSource: DataSource): Promise<string[]> {
  let begun = (): void => undefined;
  let fail = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const mayFail = new Promise<void>((resolve) => (fail = resolve));
  const first = dataSource.transaction(async (manager) => {
    await insert(manager, 'first');
    begun();
    await mayFail;
    throw new Error('rolled back');
  });
  await hasBegun;
  const second = dataSource.transaction((manager) => insert(manager, 'second'));
  const plain = insert(dataSource.manager, 'plain');
  // Each has had every chance to get into the open transaction before that ends.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  fail();
  const [ended] = await Promise.allSettled([first]);
  if (ended.status === 'fulfilled') throw new Error('The first transaction was to roll back.');
  await Promise.all([second, plain]);
  const rows: { name: string }[] = await dataSource.query('SELECT name FROM trap ORDER BY name');
  return rows.map((row) => row.name);
}
