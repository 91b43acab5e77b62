import type { LookupKey, LookupPage, LookupPlace, LookupRow, LookupStore } from '@oubliette/privacy';
import type { EntityManager } from 'typeorm';
import type { Database } from './database.js';
import { execute, insertRows, selectIn, toBytes, type SqlRow, type SqlValue } from './sql.js';

const columns = ['index_name', 'hash', 'user_ref', 'pepper_id', 'sealed'];
const order = 'pepper_id, index_name, hash, user_ref';
const keysAtOnce = 5_000;
/** First half of the key of the advisory locks that writers of look-ups hold on PostgreSQL ("look" in ASCII). */
const lockSpace = 1_819_242_347;

/** Look-ups: keyed hashes and pseudonyms. */
export class TypeOrmLookupStore implements LookupStore<EntityManager> {
  constructor(private readonly database: Database) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /**
   * On PostgreSQL advisory locks until the transaction's end, one for all users whose pseudonym begins with the same byte: locks are few
   * and of a fixed number there. The embedded database has one transaction at a time anyway.
   */
  async lockUsers(manager: EntityManager, userRefs: readonly LookupRow['userRef'][]): Promise<void> {
    if (this.database.dialect !== 'postgres' || userRefs.length === 0) return;
    const buckets = new Set(userRefs.map((userRef) => Number.parseInt(userRef.slice(0, 2), 16)));
    // In one order everywhere, so that two writers do not wait for each other.
    for (const bucket of [...buckets].sort((a, b) => a - b))
      await execute(manager, 'SELECT pg_advisory_xact_lock(?, ?)', [lockSpace, bucket]);
  }

  async ofUsers(manager: EntityManager, userRefs: readonly LookupRow['userRef'][]): Promise<LookupRow[]> {
    const rows = await selectIn(
      manager,
      (list) => `SELECT * FROM oubliette_lookups WHERE user_ref IN (${list})`,
      [...new Set(userRefs)],
    );
    return rows.map(toRow);
  }

  async put(manager: EntityManager, rows: readonly LookupRow[]): Promise<void> {
    // One statement may write a row once only: the last word counts.
    const byKey = new Map(rows.map((row) => [`${row.index} ${row.hash} ${row.userRef}`, row]));
    const values = [...byKey.values()].map((row): SqlValue[] => [
      row.index,
      row.hash,
      row.userRef,
      row.pepperId,
      row.sealed,
    ]);
    await insertRows(
      manager,
      'oubliette_lookups',
      columns,
      values,
      `ON CONFLICT (index_name, hash, user_ref)
       DO UPDATE SET pepper_id = excluded.pepper_id, sealed = excluded.sealed`,
    );
  }

  async remove(manager: EntityManager, keys: readonly LookupKey[]): Promise<void> {
    for (let from = 0; from < keys.length; from += keysAtOnce) {
      const chunk = keys.slice(from, from + keysAtOnce);
      const tuples = chunk.map(() => '(?, ?, ?)').join(', ');
      await execute(
        manager,
        `DELETE FROM oubliette_lookups WHERE (index_name, hash, user_ref) IN (VALUES ${tuples})`,
        chunk.flatMap(({ index, hash, userRef }) => [index, hash, userRef]),
      );
    }
  }

  async find(index: string, hashes: readonly string[], limit: number): Promise<LookupRow[]> {
    if (hashes.length === 0) return [];
    const { rows } = await this.database.execute(
      `SELECT * FROM oubliette_lookups WHERE index_name = ? AND hash IN (${hashes.map(() => '?').join(', ')})
       ORDER BY hash, user_ref LIMIT ?`,
      [index, ...hashes, limit],
    );
    return rows.map(toRow);
  }

  /** Asks for what lies between the ids: each is a place in the index, where `NOT IN` would go through all rows. */
  async hasOthers(pepperIds: readonly string[]): Promise<boolean> {
    const ids = [...new Set(pepperIds)].sort();
    const gaps = ids.map((id, at) => {
      const before = at === 0 ? [] : [ids[at - 1] as string];
      return { where: ['pepper_id < ?', ...before.map(() => 'pepper_id > ?')], values: [id, ...before] };
    });
    const last = ids.at(-1);
    gaps.push(
      last === undefined ? { where: ['1 = 1'], values: [] } : { where: ['pepper_id > ?'], values: [last] },
    );
    const exists = gaps.map(
      ({ where }) => `EXISTS (SELECT 1 FROM oubliette_lookups WHERE ${where.join(' AND ')})`,
    );
    const { rows } = await this.database.execute(
      `SELECT 1 AS found WHERE ${exists.join(' OR ')}`,
      gaps.flatMap(({ values }) => values),
    );
    return rows.length > 0;
  }

  async page({ limit, after, exceptPepper }: LookupPage): Promise<LookupRow[]> {
    if (exceptPepper === undefined) return this.#range(limit, after, '', []);
    const below =
      after !== undefined && after.pepperId > exceptPepper
        ? []
        : await this.#range(limit, after, 'pepper_id < ?', [exceptPepper]);
    if (below.length === limit) return below;
    const above = await this.#range(limit - below.length, after, 'pepper_id > ?', [exceptPepper]);
    return [...below, ...above];
  }

  async #range(
    limit: number,
    after: LookupPlace | undefined,
    condition: string,
    values: readonly SqlValue[],
  ): Promise<LookupRow[]> {
    const conditions = condition === '' ? [] : [condition];
    if (after !== undefined) conditions.push(`(${order}) > (?, ?, ?, ?)`);
    const place = after === undefined ? [] : [after.pepperId, after.index, after.hash, after.userRef];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const { rows } = await this.database.execute(
      `SELECT * FROM oubliette_lookups ${where} ORDER BY ${order} LIMIT ?`,
      [...values, ...place, limit],
    );
    return rows.map(toRow);
  }
}

function toRow(row: SqlRow): LookupRow {
  return {
    index: String(row['index_name']),
    hash: String(row['hash']),
    userRef: String(row['user_ref']) as LookupRow['userRef'],
    pepperId: String(row['pepper_id']),
    sealed: toBytes(row['sealed']),
  };
}
