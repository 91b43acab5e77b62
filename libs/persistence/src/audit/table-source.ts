import { fileSource, type AuditContent, type AuditGap, type AuditSource } from '@oubliette/privacy';
import type { Disk } from '@oubliette/runtime';
import { QueryFailedError } from 'typeorm';
import type { Database } from '../database.js';
import { toBytes, type SqlRow, type SqlValue } from '../sql.js';
import { postgresCatalog } from './postgres-catalog.js';
import type { Relation } from './relation.js';
import { sqliteCatalog } from './sqlite-catalog.js';

/** Rows of one page, bytes of a cell that come with its row, and bytes of a longer one that come at a time. */
const PAGE = 50;
const FIRST_BYTES = 16 * 1024;
const PIECE_BYTES = 256 * 1024;

/**
 * Every cell of every table of the database, embedded or PostgreSQL, page by page in the order of a key, so that others work on between.
 * Rows that were deleted or overwritten are no cells any more, yet may stand in the files: see `databaseFileSource`.
 */
export function tableSource(options: { readonly name: string; readonly database: Database }): AuditSource {
  const { name, database } = options;
  return {
    name,
    kind: 'table',
    async *entries() {
      const { relations, unread } = await catalogOf(database);
      for (const { label, unread: unseen } of unread)
        yield { place: `table ${label}`, unseen, failed: false };
      for (const relation of relations) {
        const names = [relation.label, ...relation.columns.map((column) => column.name)].join('\n');
        yield {
          place: `table ${relation.label} (its name and columns)`,
          content: Buffer.from(names, 'utf8'),
        };
        yield* cellsOf(database, relation);
      }
    },
  };
}

/** The files of the embedded database, with what they still hold of deleted rows; its write-ahead log among them. */
export function databaseFileSource(options: {
  readonly name: string;
  readonly file: string;
  readonly disk: Disk;
}): AuditSource {
  const { name, file, disk } = options;
  const paths = [file, `${file}-wal`, `${file}-shm`, `${file}-journal`];
  return fileSource({ name, disk, paths, mayBeMissing: true });
}

function catalogOf(database: Database): ReturnType<typeof sqliteCatalog> {
  return database.dialect === 'postgres' ? postgresCatalog(database) : sqliteCatalog(database);
}

async function* cellsOf(
  database: Database,
  relation: Relation,
): AsyncGenerator<AuditContent | AuditGap, void, undefined> {
  const place = `table ${relation.label}`;
  let last: readonly SqlValue[] | null = null;
  for (let row = 1; ;) {
    let page: readonly SqlRow[];
    try {
      page = await pageAfter(database, relation, last);
    } catch (error) {
      // The database's own message may quote a value. A database that is away fails the source.
      if (!(error instanceof QueryFailedError)) throw error;
      yield { place, unseen: `cannot be read from row ${row} on (QUERY_FAILED)`, failed: true };
      return;
    }
    for (const cells of page) {
      last = keyOf(relation, cells);
      for (const [index, column] of relation.columns.entries()) {
        const content = cellOf(database, relation, index, cells);
        if (content !== null) yield { place: `${place}, column ${column.name}, row ${row}`, content };
      }
      row++;
    }
    if (page.length < PAGE) return;
  }
}

async function pageAfter(
  database: Database,
  { from, key, columns }: Relation,
  last: readonly SqlValue[] | null,
): Promise<readonly SqlRow[]> {
  const selected = [
    ...key.map((part, index) => `${part.selected} AS k${index}`),
    ...columns.flatMap(({ bytes }, index) => [
      `substr(${bytes}, 1, ${FIRST_BYTES}) AS c${index}`,
      `length(${bytes}) AS l${index}`,
    ]),
  ];
  const compared = tupleOf(key.map((part) => part.compared));
  const after = last === null ? '' : `WHERE ${compared} > ${tupleOf(key.map((part) => part.parameter))}`;
  const order = key.map((part) => part.compared).join(', ');
  const sql = `SELECT ${selected.join(', ')} FROM ${from} ${after} ORDER BY ${order} LIMIT ${PAGE}`;
  return (await database.execute(sql, last ?? [])).rows;
}

function cellOf(
  database: Database,
  relation: Relation,
  index: number,
  row: SqlRow,
): AuditContent['content'] | null {
  const first = row[`c${index}`];
  if (first === null || first === undefined) return null;
  const length = Number(row[`l${index}`]);
  const bytes = toBytes(first);
  return length <= bytes.length ? bytes : piecesOf(database, relation, index, keyOf(relation, row), bytes);
}

/** A row that is gone meanwhile ends it. */
async function* piecesOf(
  database: Database,
  { from, key, columns }: Relation,
  index: number,
  values: readonly SqlValue[],
  first: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const compared = tupleOf(key.map((part) => part.compared));
  const where = `${compared} = ${tupleOf(key.map((part) => part.parameter))}`;
  let piece = first;
  for (let done = first.length; piece.length > 0; done += piece.length) {
    yield piece;
    const selected = `substr(${columns[index]!.bytes}, ${done + 1}, ${PIECE_BYTES})`;
    const { rows } = await database.execute(
      `SELECT ${selected} AS piece FROM ${from} WHERE ${where}`,
      values,
    );
    const next = rows[0]?.['piece'];
    if (next === null || next === undefined) return;
    piece = toBytes(next);
  }
}

function keyOf({ key }: Relation, row: SqlRow): SqlValue[] {
  return key.map((_, index) => row[`k${index}`] as SqlValue);
}

function tupleOf(parts: readonly string[]): string {
  return `(${parts.join(', ')})`;
}
