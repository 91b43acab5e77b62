import type { QueryRunner } from 'typeorm';

/** Column types that mean the same on both databases. */
export interface ColumnTypes {
  /** Primary key that counts up and never gives a number twice. */
  readonly identity: string;
  readonly bytes: string;
  readonly bigint: string;
}

const sqlite: ColumnTypes = {
  identity: 'integer PRIMARY KEY AUTOINCREMENT',
  bytes: 'blob',
  bigint: 'integer',
};
const postgres: ColumnTypes = {
  identity: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  bytes: 'bytea',
  bigint: 'bigint',
};

export function columnTypes(runner: QueryRunner): ColumnTypes {
  return runner.dataSource.options.type === 'postgres' ? postgres : sqlite;
}
