import type { Erasure, ErasurePlace, ErasureState, ErasureStore } from '@oubliette/privacy';
import type { Database } from './database.js';
import { insertRows, selectIn, type SqlRow, type SqlValue } from './sql.js';

const order: readonly ErasureState[] = ['requested', 'held', 'forgotten', 'erased'];
const table = 'oubliette_erasures';
const columnNames = [
  'erasure_id',
  'user_ref',
  'lifecycle',
  'state',
  'requested_at',
  'deadline',
  'bound_ms',
  'forgotten_at',
  'erased_at',
  'note',
];
const columns = columnNames.join(', ');
/** What a step forward may change. */
const changing = ['state', 'deadline', 'bound_ms', 'forgotten_at', 'erased_at', 'note'];

/** The ledger of erasures: pseudonyms and times. */
export class TypeOrmErasureStore implements ErasureStore {
  constructor(private readonly database: Database) {}

  async open(erasure: Erasure): Promise<Erasure> {
    const [standing] = await this.openAll([erasure]);
    return standing!;
  }

  openAll(erasures: readonly Erasure[]): Promise<Erasure[]> {
    return this.database.transaction(async (manager) => {
      await insertRows(
        manager,
        table,
        columnNames,
        erasures.map(toValues),
        'ON CONFLICT (user_ref, lifecycle) DO NOTHING',
      );
      const rows = await selectIn(
        manager,
        (list) => `SELECT ${columns} FROM ${table} WHERE user_ref IN (${list})`,
        [...new Set(erasures.map(({ userRef }) => userRef))],
      );
      const standing = new Map(rows.map((row) => [nameOf(toErasure(row)), toErasure(row)]));
      return erasures.map((erasure) => standing.get(nameOf(erasure))!);
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
    return (await this.advanceAll([erasure], from)).size === 1;
  }

  async advanceAll(erasures: readonly Erasure[], from: ErasureState): Promise<ReadonlySet<string>> {
    const forward = new Map(
      erasures
        .filter(({ state }) => order.indexOf(state) >= order.indexOf(from))
        .map((erasure) => [erasure.erasureId, erasure]),
    );
    return this.database.transaction(async (manager) => {
      const standing = await selectIn(
        manager,
        (list) => `SELECT erasure_id, state FROM ${table} WHERE erasure_id IN (${list})`,
        [...forward.keys()],
      );
      const due = standing.filter(({ state }) => state === from).map((row) => String(row['erasure_id']));
      const { rows } = await insertRows(
        manager,
        table,
        columnNames,
        due.map((erasureId) => toValues(forward.get(erasureId)!)),
        // All of them stand: none is inserted. The state is asked for again, since another process may have come between.
        `ON CONFLICT (erasure_id) DO UPDATE SET ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}
         WHERE ${table}.state = '${from}' RETURNING erasure_id`,
      );
      return new Set(rows.map((row) => String(row['erasure_id'])));
    });
  }

  async #first(where: string, parameters: readonly SqlValue[]): Promise<Erasure | null> {
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM oubliette_erasures ${where}`,
      parameters,
    );
    return rows[0] === undefined ? null : toErasure(rows[0]);
  }
}

function nameOf({ userRef, lifecycle }: Pick<Erasure, 'userRef' | 'lifecycle'>): string {
  return `${userRef}/${lifecycle}`;
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
