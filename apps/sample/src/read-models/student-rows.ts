import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventSourcingError, SealedColumns, type OpenRow, type RowToOpen } from '@oubliette/event-sourcing';
import type { UserRef } from '@oubliette/keyring';
import { Metrics, OUBLIETTE_ENGINE, type OublietteEngine } from '@oubliette/nest';
import { Database, insertRows, toBytes, type SqlRow } from '@oubliette/persistence';
import { isErased, isRestricted } from '@oubliette/serde';
import type { EntityManager } from 'typeorm';
import type { StudentProfile } from '../students/student.js';

/** A student as routes show it. */
export type Student = { readonly id: string } & StudentProfile;

const columnOf = {
  id: 'id',
  name: 'name',
  email: 'email',
  gender: 'gender',
  region: 'region',
  imdBand: 'imd_band',
  ageBand: 'age_band',
  disability: 'disability',
} as const;
type Field = keyof typeof columnOf;
const fields = Object.keys(columnOf) as Field[];

const pageSize = 500;

/** The read model of students: one row each, personal columns sealed under the student's key. */
@Injectable()
export class StudentRows {
  readonly #logger = new Logger(StudentRows.name);
  readonly #columns: SealedColumns<Field>;

  constructor(
    private readonly database: Database,
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly metrics: Metrics,
  ) {
    this.#columns = new SealedColumns(engine.keyring, 'sample_students', fields);
  }

  /** Seals and writes rows; a student who was forgotten meanwhile is left out. */
  async write(
    manager: EntityManager,
    students: readonly { userRef: UserRef; registeredAt: number; student: Student }[],
  ): Promise<void> {
    const { keyring } = this.engine;
    const living = students.filter(({ userRef }) => keyring.state(userRef) === 'active');
    const rows = living.map(({ userRef, registeredAt, student }) => {
      const sealed = this.#columns.seal(userRef, userRef, student);
      return [userRef, registeredAt, ...fields.map((field) => sealed[field])];
    });
    const names = ['user_ref', 'registered_at', ...fields.map((field) => columnOf[field])];
    await insertRows(manager, 'sample_students', names, rows, 'ON CONFLICT (user_ref) DO NOTHING');
  }

  /** null: no row, or the student is forgotten. */
  async find(userRef: UserRef): Promise<Student | 'restricted' | null> {
    const { rows } = await this.database.execute('SELECT * FROM sample_students WHERE user_ref = ?', [
      userRef,
    ]);
    const [row] = await this.#columns.open(rows.map(toSealed));
    return row === undefined ? null : toStudent(row);
  }

  /** The students who are neither forgotten nor restricted, first registered first. Reads page by page: never the whole table at once. */
  async *all(): AsyncIterable<Student> {
    let after: SqlRow | undefined;
    do {
      const { rows } = await this.database.execute(
        `SELECT * FROM sample_students WHERE registered_at > ? OR (registered_at = ? AND user_ref > ?)
         ORDER BY registered_at, user_ref LIMIT ${pageSize}`,
        after === undefined
          ? [-1, -1, '']
          : [Number(after['registered_at']), Number(after['registered_at']), String(after['user_ref'])],
      );
      yield* await this.#openAuthentic(rows);
      after = rows.length === pageSize ? rows.at(-1) : undefined;
    } while (after !== undefined);
  }

  /** One student's row that was changed, or whose key was lost, is an alarm; it hides nobody else. */
  async #openAuthentic(rows: readonly SqlRow[]): Promise<Student[]> {
    const opened = await this.#columns.openEach(rows.map(toSealed));
    const authentic: OpenRow<Field>[] = [];
    for (const row of opened) {
      if (!(row instanceof EventSourcingError)) authentic.push(row);
      else {
        this.metrics.alarms.inc({ code: row.code });
        this.#logger.error(`Alarm: a student was left out of the list. ${row.message}`);
      }
    }
    return authentic.flatMap((row) => {
      const student = toStudent(row);
      return student === null || student === 'restricted' ? [] : [student];
    });
  }
}

function toSealed(row: SqlRow): RowToOpen<Field> {
  const userRef = String(row['user_ref']) as UserRef;
  const bytes = (field: Field) => (row[columnOf[field]] === null ? null : toBytes(row[columnOf[field]]));
  const sealed = Object.fromEntries(fields.map((field) => [field, bytes(field)]));
  return { userRef, rowId: userRef, sealed: sealed as RowToOpen<Field>['sealed'] };
}

/** null for a row of a forgotten student. */
function toStudent(row: OpenRow<Field>): Student | 'restricted' | null {
  if (fields.some((field) => isErased(row[field]))) return null;
  if (fields.some((field) => isRestricted(row[field]))) return 'restricted';
  return row as Student;
}
