import type { EntityManager } from 'typeorm';
import { PersistenceError } from './errors.js';

export type Dialect = 'sqlite' | 'postgres';
export type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** Rows that were written; 0 for a query. */
  readonly affected: number;
}

/** Parameters that one statement may have; SQLite takes 32,766, PostgreSQL 65,535. */
export const parameterLimit = 32_000;

export function dialectOf(manager: EntityManager): Dialect {
  return manager.dataSource.options.type === 'postgres' ? 'postgres' : 'sqlite';
}

/**
 * Runs one statement written with `?` for each parameter (none may stand in a literal) in the manager's transaction,
 * or on its own when the manager has none.
 */
export async function execute(
  manager: EntityManager,
  sql: string,
  parameters: readonly SqlValue[] = [],
): Promise<SqlResult> {
  const own = manager.queryRunner === undefined;
  const runner = manager.queryRunner ?? manager.dataSource.createQueryRunner();
  try {
    const values = parameters.map(toDriver);
    const result = await runner.query(forDialect(dialectOf(manager), sql), values, true);
    return { rows: (result.records ?? []) as SqlRow[], affected: result.affected ?? 0 };
  } finally {
    if (own) await runner.release();
  }
}

/**
 * Inserts rows with as few statements as the parameter limit allows. `suffix` follows the values, e.g. an ON CONFLICT clause
 * or RETURNING. Table and columns are names from the code, never from input. Resolves to what RETURNING gave, and to the
 * number of rows written (of a RETURNING on SQLite: count its rows).
 */
export async function insertRows(
  manager: EntityManager,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  suffix = '',
): Promise<SqlResult> {
  const tuple = `(${columns.map(() => '?').join(', ')})`;
  const perStatement = Math.floor(parameterLimit / columns.length);
  const returned: SqlRow[] = [];
  let affected = 0;
  for (let from = 0; from < rows.length; from += perStatement) {
    const chunk = rows.slice(from, from + perStatement);
    if (chunk.some((row) => row.length !== columns.length))
      throw new PersistenceError(
        'ROWS_INVALID',
        `A row for table ${table} has not ${columns.length} values: give one for each of ${columns.join(', ')}.`,
      );
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${chunk.map(() => tuple).join(', ')} ${suffix}`;
    const result = await execute(manager, sql, chunk.flat());
    returned.push(...result.rows);
    affected += result.affected;
  }
  return { rows: returned, affected };
}

/** Runs a query with `IN (…)` over any number of values; `sql` gets the list as text. */
export async function selectIn(
  manager: EntityManager,
  sql: (list: string) => string,
  values: readonly SqlValue[],
): Promise<SqlRow[]> {
  const rows: SqlRow[] = [];
  for (let from = 0; from < values.length; from += parameterLimit) {
    const chunk = values.slice(from, from + parameterLimit);
    rows.push(...(await execute(manager, sql(chunk.map(() => '?').join(', ')), chunk)).rows);
  }
  return rows;
}

/** Plain bytes out of what either driver gives for a binary column. */
export function toBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new PersistenceError('ROWS_INVALID', 'A binary column holds something else than bytes.');
}

function toDriver(value: SqlValue): string | number | Buffer | null {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value;
}

function forDialect(dialect: Dialect, sql: string): string {
  if (dialect === 'sqlite') return sql;
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}
