import type { Erasure, ErasurePlace, ErasureState, ErasureStore } from '@oubliette/privacy';
import type { Database } from './database.js';
import { execute, type SqlRow, type SqlValue } from './sql.js';

const order: readonly ErasureState[] = ['requested', 'held', 'forgotten', 'erased'];
const columns =
  'erasure_id, user_ref, lifecycle, state, requested_at, deadline, bound_ms, forgotten_at, erased_at, note';

/** The ledger of erasures: pseudonyms and times. */
export class TypeOrmErasureStore implements ErasureStore {
  constructor(private readonly database: Database) {}

  open(erasure: Erasure): Promise<Erasure> {
    return this.database.transaction(async (manager) => {
      await execute(
        manager,
        `INSERT INTO oubliette_erasures (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (user_ref, lifecycle) DO NOTHING`,
        toValues(erasure),
      );
      const { rows } = await execute(
        manager,
        `SELECT ${columns} FROM oubliette_erasures WHERE user_ref = ? AND lifecycle = ?`,
        [erasure.userRef, erasure.lifecycle],
      );
      return toErasure(rows[0]!);
    });
  }

  async get(erasureId: string): Promise<Erasure | null> {
    return this.#first('WHERE erasure_id = ?', [erasureId]);
  }

  async findByUser(userRef: Erasure['userRef']): Promise<Erasure | null> {
    return this.#first('WHERE user_ref = ? ORDER BY lifecycle DESC LIMIT 1', [userRef]);
  }

  async pending(): Promise<Erasure[]> {
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM oubliette_erasures WHERE state <> 'erased' ORDER BY requested_at, erasure_id`,
    );
    return rows.map(toErasure);
  }

  async list(limit: number, before?: ErasurePlace): Promise<Erasure[]> {
    const after =
      before === undefined ? '' : 'WHERE requested_at < ? OR (requested_at = ? AND erasure_id < ?)';
    const place = before === undefined ? [] : [before.requestedAt, before.requestedAt, before.erasureId];
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM oubliette_erasures ${after} ORDER BY requested_at DESC, erasure_id DESC LIMIT ?`,
      [...place, limit],
    );
    return rows.map(toErasure);
  }

  async counts(): Promise<Record<ErasureState, number>> {
    const counts = { requested: 0, held: 0, forgotten: 0, erased: 0 };
    const { rows } = await this.database.execute(
      'SELECT state, COUNT(*) AS number_of FROM oubliette_erasures GROUP BY state',
    );
    for (const row of rows) counts[row['state'] as ErasureState] = Number(row['number_of']);
    return counts;
  }

  async advance(erasure: Erasure, from: ErasureState): Promise<boolean> {
    if (order.indexOf(erasure.state) < order.indexOf(from)) return false;
    const { affected } = await this.database.execute(
      `UPDATE oubliette_erasures SET state = ?, deadline = ?, bound_ms = ?, forgotten_at = ?, erased_at = ?, note = ?
       WHERE erasure_id = ? AND state = ?`,
      [
        erasure.state,
        erasure.deadline,
        erasure.boundMs,
        erasure.forgottenAt,
        erasure.erasedAt,
        erasure.note,
        erasure.erasureId,
        from,
      ],
    );
    return affected === 1;
  }

  async #first(where: string, parameters: readonly SqlValue[]): Promise<Erasure | null> {
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM oubliette_erasures ${where}`,
      parameters,
    );
    return rows[0] === undefined ? null : toErasure(rows[0]);
  }
}

function toValues(erasure: Erasure): SqlValue[] {
  return [
    erasure.erasureId,
    erasure.userRef,
    erasure.lifecycle,
    erasure.state,
    erasure.requestedAt,
    erasure.deadline,
    erasure.boundMs,
    erasure.forgottenAt,
    erasure.erasedAt,
    erasure.note,
  ];
}

function toErasure(row: SqlRow): Erasure {
  const optional = (column: string) => (row[column] === null ? null : Number(row[column]));
  return {
    erasureId: String(row['erasure_id']),
    userRef: String(row['user_ref']) as Erasure['userRef'],
    lifecycle: Number(row['lifecycle']),
    state: row['state'] as ErasureState,
    requestedAt: Number(row['requested_at']),
    deadline: Number(row['deadline']),
    boundMs: optional('bound_ms'),
    forgottenAt: optional('forgotten_at'),
    erasedAt: optional('erased_at'),
    note: row['note'] === null ? null : String(row['note']),
  };
}
