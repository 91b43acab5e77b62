import type { Database } from '../database.js';
import type { Catalog, KeyPart, Relation, UnreadRelation } from './relation.js';

/** Every table of an SQLite database with all its columns: any of them may hold text, whatever its type says (SQLite documentation, "Datatypes", 3). */
export async function sqliteCatalog(database: Database): Promise<Catalog> {
  const { rows } = await database.execute('PRAGMA table_list');
  const relations: Relation[] = [];
  const unread: UnreadRelation[] = [];
  for (const row of rows) {
    const name = String(row['name']);
    if (row['schema'] !== 'main' || row['type'] === 'view') continue;
    // What a virtual table shows stands in its shadow tables, or outside of the database.
    if (row['type'] === 'virtual')
      unread.push({ label: name, unread: 'a virtual table: its shadow tables were read' });
    else relations.push(await relationOf(database, name, Number(row['wr']) === 1));
  }
  return { relations, unread };
}

async function relationOf(database: Database, name: string, hasNoRowid: boolean): Promise<Relation> {
  const { rows } = await database.execute('SELECT name, pk, hidden FROM pragma_table_xinfo(?)', [name]);
  const columns = rows
    .filter((row) => Number(row['hidden']) !== 1)
    .map((row) => ({ name: String(row['name']), pk: Number(row['pk']) }));
  const names = columns.map((column) => column.name);
  return {
    label: name,
    from: quoted(name),
    key: hasNoRowid ? primaryKey(columns) : [rowid(names)],
    columns: names.map((column) => ({ name: column, bytes: `CAST(${quoted(column)} AS BLOB)` })),
  };
}

function primaryKey(columns: readonly { readonly name: string; readonly pk: number }[]): KeyPart[] {
  return columns
    .filter(({ pk }) => pk > 0)
    .sort((a, b) => a.pk - b.pk)
    .map(({ name }) => ({ selected: quoted(name), compared: quoted(name), parameter: '?' }));
}

/** As text: a row id has 64 bits. A column may be called as one of its three names is. */
function rowid(columns: readonly string[]): KeyPart {
  const taken = new Set(columns.map((name) => name.toLowerCase()));
  const name = ['rowid', '_rowid_', 'oid'].find((one) => !taken.has(one)) ?? 'rowid';
  return { selected: `CAST(${name} AS TEXT)`, compared: name, parameter: 'CAST(? AS INTEGER)' };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
