import type { LeaseStore } from '@oubliette/privacy';
import type { Database } from './database.js';
import type { Dialect } from './sql.js';

/** The database's own clock, in ms since the Unix epoch: instances need not agree on the time. */
const now: Readonly<Record<Dialect, string>> = {
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS integer)",
  postgres: '(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
};

/** Leases in `oubliette_leases`, each taken with one statement. */
export class TypeOrmLeaseStore implements LeaseStore {
  constructor(private readonly database: Database) {}

  async acquire(name: string, holder: string, ttlMs: number): Promise<boolean> {
    const clock = now[this.database.dialect];
    const { rows } = await this.database.execute(
      `INSERT INTO oubliette_leases (name, holder, until_ms) VALUES (?, ?, ${clock} + CAST(? AS bigint))
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
       WHERE oubliette_leases.holder = excluded.holder OR oubliette_leases.until_ms <= ${clock}
       RETURNING name`,
      [name, holder, Math.ceil(ttlMs)],
    );
    return rows.length > 0;
  }

  async release(name: string, holder: string): Promise<void> {
    await this.database.execute('DELETE FROM oubliette_leases WHERE name = ? AND holder = ?', [name, holder]);
  }
}
