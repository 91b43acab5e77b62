import type { Acknowledgement, AcknowledgementStore, GivenAnswer } from '@oubliette/privacy';
import type { Database } from './database.js';
import { insertRows, selectIn, type SqlRow, type SqlValue } from './sql.js';

const table = 'oubliette_acknowledgements';
const columnNames = [
  'erasure_id',
  'processor',
  'asks',
  'asked_at',
  'due_at',
  'outcome',
  'answered_at',
  'reason',
  'answer_text',
];
const select = `SELECT ${columnNames.join(', ')} FROM ${table}`;

/** One row an erasure and processor; the first answer stands. */
export class TypeOrmAcknowledgementStore implements AcknowledgementStore {
  constructor(private readonly database: Database) {}

  async open(erasureIds: readonly string[], processors: readonly string[], now: number): Promise<void> {
    const rows = erasureIds.flatMap((erasureId) =>
      processors.map((processor) => [erasureId, processor, 0, null, now, 'outstanding', null, null, null]),
    );
    const suffix = 'ON CONFLICT (erasure_id, processor) DO NOTHING';
    await this.database.transaction((manager) => insertRows(manager, table, columnNames, rows, suffix));
  }

  async due(now: number, limit: number): Promise<string[]> {
    const { rows } = await this.database.execute(
      `SELECT erasure_id, MIN(due_at) AS first_due FROM ${table} WHERE due_at <= ? AND outcome = 'outstanding'
       GROUP BY erasure_id ORDER BY first_due, erasure_id LIMIT ?`,
      [now, limit],
    );
    return rows.map((row) => String(row['erasure_id']));
  }

  async of(erasureIds: readonly string[]): Promise<ReadonlyMap<string, readonly Acknowledgement[]>> {
    const rows = await this.database.transaction((manager) =>
      selectIn(manager, (list) => `${select} WHERE erasure_id IN (${list})`, [...new Set(erasureIds)]),
    );
    const found = new Map<string, Acknowledgement[]>();
    for (const row of rows.map(acknowledgementOf)) {
      const own = found.get(row.erasureId) ?? [];
      found.set(row.erasureId, own);
      own.push(row);
    }
    // Not by the database: its order of texts is its own.
    for (const own of found.values()) own.sort((a, b) => (a.processor < b.processor ? -1 : 1));
    return found;
  }

  async asked(rows: readonly Acknowledgement[], at: number, dueAt: number | null): Promise<void> {
    const wanted = new Map(rows.map((row) => [keyOf(row), row]));
    await this.database.transaction(async (manager) => {
      const standing = await selectIn(
        manager,
        (list) => `${select} WHERE outcome = 'outstanding' AND erasure_id IN (${list})`,
        [...new Set(rows.map(({ erasureId }) => erasureId))],
      );
      const values = standing.map(acknowledgementOf).flatMap((row): SqlValue[][] => {
        if (wanted.get(keyOf(row))?.asks !== row.asks) return [];
        const { erasureId, processor, asks } = row;
        return [[erasureId, processor, asks + 1, at, dueAt, 'outstanding', null, null, null]];
      });
      await insertRows(
        manager,
        table,
        columnNames,
        values,
        // All of them stand: none is inserted. Asked for again, since another process may have come between.
        `ON CONFLICT (erasure_id, processor) DO UPDATE
         SET asks = excluded.asks, asked_at = excluded.asked_at, due_at = excluded.due_at
         WHERE ${table}.outcome = 'outstanding' AND ${table}.asks = excluded.asks - 1`,
      );
    });
  }

  async answer({ erasureId, processor, outcome, answeredAt, reason, text }: GivenAnswer): Promise<boolean> {
    const { rows } = await this.database.execute(
      `UPDATE ${table} SET outcome = ?, answered_at = ?, reason = ?, answer_text = ?, due_at = NULL
       WHERE erasure_id = ? AND processor = ? AND outcome = 'outstanding' RETURNING erasure_id`,
      [outcome, answeredAt, reason, text, erasureId, processor],
    );
    return rows.length === 1;
  }
}

function keyOf({ erasureId, processor }: Pick<Acknowledgement, 'erasureId' | 'processor'>): string {
  return `${erasureId}/${processor}`;
}

function acknowledgementOf(row: SqlRow): Acknowledgement {
  return {
    erasureId: String(row['erasure_id']),
    processor: String(row['processor']),
    asks: Number(row['asks']),
    askedAt: numberOrNull(row['asked_at']),
    dueAt: numberOrNull(row['due_at']),
    outcome: row['outcome'] as Acknowledgement['outcome'],
    answeredAt: numberOrNull(row['answered_at']),
    reason: row['reason'] as Acknowledgement['reason'],
    text: row['answer_text'] === null ? null : String(row['answer_text']),
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
