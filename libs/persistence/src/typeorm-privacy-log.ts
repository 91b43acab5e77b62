import { checkEntry, type LoggedEntry, type PrivacyLog, type PrivacyLogEntry } from '@oubliette/privacy';
import type { Database } from './database.js';
import { execute, selectIn, type SqlRow, type SqlValue } from './sql.js';

const columns = 'at, kind, user_ref, reason, erasure_id';

/** The log in a table whose rows the database itself neither changes nor deletes. */
export class TypeOrmPrivacyLog implements PrivacyLog {
  constructor(private readonly database: Database) {}

  async append(entry: PrivacyLogEntry): Promise<LoggedEntry> {
    const { at, kind, userRef, reason, erasureId } = checkEntry(entry);
    const { rows } = await this.database.transaction((manager) =>
      execute(
        manager,
        `INSERT INTO oubliette_privacy_log (${columns}) VALUES (?, ?, ?, ?, ?) RETURNING id, ${columns}`,
        [at, kind, userRef, reason, erasureId],
      ),
    );
    return toEntry(rows[0]!);
  }

  list(limit: number, before?: number): Promise<LoggedEntry[]> {
    return before === undefined ? this.#newest('', [], limit) : this.#newest('WHERE id < ?', [before], limit);
  }

  ofUser(userRef: LoggedEntry['userRef'], limit: number, before?: number): Promise<LoggedEntry[]> {
    return before === undefined
      ? this.#newest('WHERE user_ref = ?', [userRef], limit)
      : this.#newest('WHERE user_ref = ? AND id < ?', [userRef, before], limit);
  }

  async heldAmong(
    userRefs: readonly LoggedEntry['userRef'][],
  ): Promise<ReadonlyMap<LoggedEntry['userRef'], LoggedEntry>> {
    const rows = await this.database.transaction((manager) =>
      selectIn(
        manager,
        (list) => `SELECT id, ${columns} FROM oubliette_privacy_log WHERE kind = 'held' AND id IN (
          SELECT MAX(id) FROM oubliette_privacy_log
          WHERE kind IN ('held', 'hold-lifted') AND user_ref IN (${list}) GROUP BY user_ref)`,
        [...new Set(userRefs)],
      ),
    );
    return new Map(rows.map(toEntry).map((entry) => [entry.userRef, entry]));
  }

  async standingRestrictions(limit: number, after = 0): Promise<LoggedEntry[]> {
    const { rows } = await this.database.execute(
      `SELECT id, ${columns} FROM oubliette_privacy_log entry WHERE kind = 'restricted' AND id > ? AND NOT EXISTS (
        SELECT 1 FROM oubliette_privacy_log later WHERE later.user_ref = entry.user_ref AND later.id > entry.id
        AND later.kind IN ('restricted', 'restriction-lifted')) ORDER BY id LIMIT ?`,
      [after, limit],
    );
    return rows.map(toEntry);
  }

  async #newest(where: string, parameters: readonly SqlValue[], limit: number): Promise<LoggedEntry[]> {
    const { rows } = await this.database.execute(
      `SELECT id, ${columns} FROM oubliette_privacy_log ${where} ORDER BY id DESC LIMIT ?`,
      [...parameters, limit],
    );
    return rows.map(toEntry);
  }
}

function toEntry(row: SqlRow): LoggedEntry {
  return {
    id: Number(row['id']),
    at: Number(row['at']),
    kind: row['kind'] as LoggedEntry['kind'],
    userRef: String(row['user_ref']) as LoggedEntry['userRef'],
    reason: String(row['reason']),
    erasureId: row['erasure_id'] === null ? null : String(row['erasure_id']),
  };
}
