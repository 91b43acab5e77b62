import {
  readErasure,
  type Erasure,
  type ErasurePlace,
  type ErasureState,
  type ErasureStore,
  type LedgerEntry,
} from '@oubliette/privacy';
import type { EntityManager } from 'typeorm';
import type { Database } from './database.js';
import { changingColumns, erasureColumns, erasureOf, erasureValues } from './erasure-rows.js';
import { insertRows, selectIn, type SqlValue } from './sql.js';

const order: readonly ErasureState[] = ['requested', 'held', 'forgotten', 'erased'];
const table = 'oubliette_erasures';
const columns = erasureColumns.join(', ');
const changes = changingColumns.map((name) => `${name} = excluded.${name}`).join(', ');

/** The ledger of erasures: pseudonyms and times. Each step is added to `oubliette_ledger`; `oubliette_erasures` has the last of each. */
export class TypeOrmErasureStore implements ErasureStore {
  constructor(private readonly database: Database) {}

  async open(erasure: Erasure): Promise<Erasure> {
    const [standing] = await this.openAll([erasure]);
    return standing!;
  }

  openAll(erasures: readonly Erasure[]): Promise<Erasure[]> {
    return this.database.transaction(async (manager) => {
      const { rows: opened } = await insertRows(
        manager,
        table,
        erasureColumns,
        erasures.map(erasureValues),
        'ON CONFLICT (user_ref, lifecycle) DO NOTHING RETURNING erasure_id',
      );
      const own = new Map(erasures.map((erasure) => [erasure.erasureId, erasure]));
      await addSteps(
        manager,
        opened.map((row) => own.get(String(row['erasure_id']))!),
      );
      const rows = await selectIn(
        manager,
        (list) => `SELECT ${columns} FROM ${table} WHERE user_ref IN (${list})`,
        [...new Set(erasures.map(({ userRef }) => userRef))],
      );
      const standing = new Map(rows.map(erasureOf).map((erasure) => [nameOf(erasure), erasure]));
      return erasures.map((erasure) => standing.get(nameOf(erasure))!);
    });
  }

  async get(erasureId: string): Promise<Erasure | null> {
    return this.#first('WHERE erasure_id = ?', [erasureId]);
  }

  async findByUser(userRef: Erasure['userRef']): Promise<Erasure | null> {
    return this.#first('WHERE user_ref = ? ORDER BY lifecycle DESC LIMIT 1', [userRef]);
  }

  async pending(limit: number, after?: ErasurePlace): Promise<Erasure[]> {
    const behind =
      after === undefined ? '' : 'AND (requested_at > ? OR (requested_at = ? AND erasure_id > ?))';
    const place = after === undefined ? [] : [after.requestedAt, after.requestedAt, after.erasureId];
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM ${table} WHERE state <> 'erased' ${behind} ORDER BY requested_at, erasure_id LIMIT ?`,
      [...place, limit],
    );
    return rows.map(erasureOf);
  }

  async unseen(limit: number): Promise<Erasure[]> {
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM ${table} WHERE unseen_replicas > 0 ORDER BY requested_at, erasure_id LIMIT ?`,
      [limit],
    );
    return rows.map(erasureOf);
  }

  async list(limit: number, before?: ErasurePlace): Promise<Erasure[]> {
    const after =
      before === undefined ? '' : 'WHERE requested_at < ? OR (requested_at = ? AND erasure_id < ?)';
    const place = before === undefined ? [] : [before.requestedAt, before.requestedAt, before.erasureId];
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM oubliette_erasures ${after} ORDER BY requested_at DESC, erasure_id DESC LIMIT ?`,
      [...place, limit],
    );
    return rows.map(erasureOf);
  }

  async counts(): Promise<Record<ErasureState, number>> {
    const counts = { requested: 0, held: 0, forgotten: 0, erased: 0 };
    const { rows } = await this.database.execute(
      'SELECT state, COUNT(*) AS number_of FROM oubliette_erasures GROUP BY state',
    );
    for (const row of rows) counts[row['state'] as ErasureState] = Number(row['number_of']);
    return counts;
  }

  async advance(erasure: Erasure): Promise<boolean> {
    return (await this.advanceAll([erasure])).size === 1;
  }

  async advanceAll(erasures: readonly Erasure[]): Promise<ReadonlySet<string>> {
    const wanted = new Map(erasures.map((erasure) => [erasure.erasureId, erasure]));
    return this.database.transaction(async (manager) => {
      const rows = await selectIn(
        manager,
        (list) => `SELECT ${columns} FROM ${table} WHERE erasure_id IN (${list})`,
        [...wanted.keys()],
      );
      const due = rows.map(erasureOf).flatMap((standing) => {
        const erasure = wanted.get(standing.erasureId)!;
        return isNext(standing, erasure) ? [erasure] : [];
      });
      const { rows: written } = await insertRows(
        manager,
        table,
        erasureColumns,
        due.map(erasureValues),
        // All of them stand: none is inserted. The revision is asked for again, since another process may have come between.
        `ON CONFLICT (erasure_id) DO UPDATE SET ${changes}
         WHERE ${table}.revision = excluded.revision - 1 RETURNING erasure_id`,
      );
      const moved = new Set(written.map((row) => String(row['erasure_id'])));
      await addSteps(
        manager,
        due.filter(({ erasureId }) => moved.has(erasureId)),
      );
      return moved;
    });
  }

  async getAll(erasureIds: readonly string[]): Promise<ReadonlyMap<string, Erasure>> {
    const rows = await this.database.transaction((manager) =>
      selectIn(manager, (list) => `SELECT ${columns} FROM ${table} WHERE erasure_id IN (${list})`, [
        ...new Set(erasureIds),
      ]),
    );
    return new Map(rows.map(erasureOf).map((erasure) => [erasure.erasureId, erasure]));
  }

  async restore(erasures: readonly Erasure[]): Promise<ReadonlySet<string>> {
    return this.database.transaction(async (manager) => {
      const rows = await selectIn(
        manager,
        (list) => `SELECT ${columns} FROM ${table} WHERE user_ref IN (${list})`,
        [...new Set(erasures.map(({ userRef }) => userRef))],
      );
      const standing = new Map(rows.map(erasureOf).map((erasure) => [nameOf(erasure), erasure]));
      const due = erasures.filter((erasure) => {
        const other = standing.get(nameOf(erasure));
        const isDue =
          other === undefined || (other.erasureId === erasure.erasureId && other.revision < erasure.revision);
        // Of two that were lost of one user and lifecycle the first is put back.
        if (isDue) standing.set(nameOf(erasure), erasure);
        return isDue;
      });
      const { rows: written } = await insertRows(
        manager,
        table,
        erasureColumns,
        due.map(erasureValues),
        `ON CONFLICT (erasure_id) DO UPDATE SET ${changes} WHERE ${table}.revision < excluded.revision RETURNING erasure_id`,
      );
      const restored = new Set(written.map((row) => String(row['erasure_id'])));
      await addSteps(
        manager,
        due.filter(({ erasureId }) => restored.has(erasureId)),
      );
      return restored;
    });
  }

  async entries(after: number, limit: number): Promise<LedgerEntry[]> {
    const { rows } = await this.database.execute(
      'SELECT number, entry FROM oubliette_ledger WHERE number > ? ORDER BY number LIMIT ?',
      [after, limit],
    );
    return rows.map((row) => ({
      number: Number(row['number']),
      erasure: readErasure(String(row['entry'])),
    }));
  }

  async #first(where: string, parameters: readonly SqlValue[]): Promise<Erasure | null> {
    const { rows } = await this.database.execute(
      `SELECT ${columns} FROM oubliette_erasures ${where}`,
      parameters,
    );
    return rows[0] === undefined ? null : erasureOf(rows[0]);
  }
}

function nameOf({ userRef, lifecycle }: Pick<Erasure, 'userRef' | 'lifecycle'>): string {
  return `${userRef}/${lifecycle}`;
}

function isNext(standing: Erasure, erasure: Erasure): boolean {
  return (
    standing.revision === erasure.revision - 1 &&
    order.indexOf(erasure.state) >= order.indexOf(standing.state)
  );
}

async function addSteps(manager: EntityManager, erasures: readonly Erasure[]): Promise<void> {
  await insertRows(
    manager,
    'oubliette_ledger',
    ['erasure_id', 'revision', 'entry'],
    erasures.map((erasure): SqlValue[] => [erasure.erasureId, erasure.revision, JSON.stringify(erasure)]),
  );
}
