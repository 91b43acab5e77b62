import type { DataSource } from 'typeorm';

/** Key of the advisory lock under which one process at a time migrates: "oubliett" in ASCII, as a signed 64-bit number. */
const migrationLock = '8031433728249394292';

/** Brings the schema up to date; on PostgreSQL other processes that start at the same time wait for it. */
export async function runMigrations(dataSource: DataSource): Promise<void> {
  if (dataSource.options.type !== 'postgres') {
    await dataSource.runMigrations({ transaction: 'each' });
    return;
  }
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query(`SELECT pg_advisory_lock(${migrationLock})`);
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await runner.query(`SELECT pg_advisory_unlock(${migrationLock})`);
    }
  } finally {
    await runner.release();
  }
}
