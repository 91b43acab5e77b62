import Libsql from 'libsql';

type Row = Record<string, unknown>;

/** The part of a prepared statement that TypeORM uses. */
export interface EmbeddedStatement {
  /** Whether it gives rows. */
  readonly reader: boolean;
  all(...parameters: unknown[]): Row[];
  run(...parameters: unknown[]): Libsql.RunResult;
}

/**
 * libsql as TypeORM's better-sqlite3 driver expects it. Two differences are levelled: a single parameter that is null or a
 * buffer would be taken for a set of named ones, and blobs come as `ArrayBuffer`.
 */
export class EmbeddedConnection {
  readonly #database: Libsql.Database;

  constructor(path: string, options: Libsql.Options) {
    this.#database = new Libsql(path, options);
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  prepare(source: string): EmbeddedStatement {
    const statement = this.#database.prepare<unknown[]>(source);
    return {
      reader: statement.reader,
      all: (...parameters) => statement.all(parameters).map((row) => withBuffers(row as Row)),
      run: (...parameters) => statement.run(parameters),
    };
  }

  pragma(source: string): unknown {
    return this.#database.pragma(source);
  }

  exec(source: string): void {
    this.#database.exec(source);
  }

  close(): void {
    this.#database.close();
  }
}

function withBuffers(row: Row): Row {
  for (const [column, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[column] = Buffer.from(value);
  }
  return row;
}
