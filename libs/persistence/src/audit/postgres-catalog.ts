import type { Database } from '../database.js';
import type { Catalog, KeyPart, Relation, UnreadRelation } from './relation.js';

const outside = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'`;

/**
 * Every table and materialized view of a PostgreSQL database with all its columns, and what the planner remembers of them: ANALYZE keeps
 * frequent values in clear (PostgreSQL documentation, "pg_stats").
 */
export async function postgresCatalog(database: Database): Promise<Catalog> {
  const { rows } = await database.execute(
    `SELECT c.oid::text AS id, n.nspname AS schema, c.relname AS name, c.relkind AS kind
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'f') AND ${outside} ORDER BY 2, 3`,
  );
  const relations: Relation[] = [statistics];
  const unread: UnreadRelation[] = [];
  for (const row of rows) {
    const [id, schema, name] = [String(row['id']), String(row['schema']), String(row['name'])];
    const label = `${schema}.${name}`;
    if (row['kind'] === 'f')
      unread.push({ label, unread: 'a foreign table: its rows are in another database' });
    else
      relations.push({ label, from: `${quoted(schema)}.${quoted(name)}`, ...(await shapeOf(database, id)) });
  }
  const objects = await database.execute('SELECT count(*)::text AS count FROM pg_largeobject_metadata');
  if (objects.rows[0]?.['count'] !== '0')
    unread.push({
      label: 'pg_largeobject',
      unread: `${String(objects.rows[0]?.['count'])} large objects: not looked into`,
    });
  return { relations, unread };
}

const text = (expression: string): string => `convert_to(${expression}, 'UTF8')`;

const statistics: Relation = {
  label: 'pg_catalog.pg_stats',
  from: `(SELECT * FROM pg_stats AS n WHERE n.schemaname NOT IN ('pg_catalog', 'information_schema')) AS s`,
  key: ['schemaname', 'tablename', 'attname', 'inherited'].map((name) => ({
    selected: `${name}::text`,
    compared: `${name}::text`,
    parameter: 'CAST(? AS text)',
  })),
  columns: ['most_common_vals', 'histogram_bounds', 'most_common_elems'].map((name) => ({
    name,
    bytes: text(`${name}::text`),
  })),
};

async function shapeOf(database: Database, id: string): Promise<Pick<Relation, 'key' | 'columns'>> {
  const { rows } = await database.execute(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, array_position(i.indkey::int2[], a.attnum) AS key
     FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
     WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [id],
  );
  const columns = rows.map((row) => ({
    name: String(row['name']),
    type: String(row['type']),
    key: row['key'] === null ? null : Number(row['key']),
  }));
  const key = columns
    .filter((column) => column.key !== null)
    .sort((a, b) => (a.key ?? 0) - (b.key ?? 0))
    .map(({ name, type }) => keyPart(quoted(name), type));
  return {
    // Without a primary key by the place of the row: one that is updated while it is read may be met twice, or not.
    key: key.length > 0 ? key : [keyPart('ctid', 'tid')],
    columns: columns.map(({ name, type }) => ({
      name,
      bytes: type === 'bytea' ? quoted(name) : text(`${quoted(name)}::text`),
    })),
  };
}

function keyPart(compared: string, type: string): KeyPart {
  return { selected: `${compared}::text`, compared, parameter: `CAST(? AS ${type})` };
}

/** A question mark in a statement would be taken for a parameter. */
function quoted(name: string): string {
  const inner = name.replaceAll('"', '""');
  if (!name.includes('?')) return `"${inner}"`;
  return `U&"${inner.replaceAll('\\', '\\\\').replaceAll('?', '\\003F')}"`;
}
