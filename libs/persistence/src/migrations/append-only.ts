import type { QueryRunner } from 'typeorm';

/** From now on the database itself refuses to change or remove a row of the table, whoever asks. */
export async function keepRows(runner: QueryRunner, table: string): Promise<void> {
  const refusal = `${table} is append-only`;
  if (runner.dataSource.options.type !== 'postgres') {
    for (const change of ['UPDATE', 'DELETE'])
      await runner.query(`CREATE TRIGGER ${table}_no_${change.toLowerCase()}
        BEFORE ${change} ON ${table}
        BEGIN SELECT RAISE(ABORT, '${refusal}'); END`);
    return;
  }
  await runner.query(`CREATE FUNCTION ${table}_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '${refusal}'; END $$`);
  await runner.query(`CREATE TRIGGER ${table}_kept
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION ${table}_kept()`);
}

/** The table, and what keeps its rows. */
export async function dropKept(runner: QueryRunner, table: string): Promise<void> {
  await runner.query(`DROP TABLE ${table}`);
  if (runner.dataSource.options.type === 'postgres') await runner.query(`DROP FUNCTION ${table}_kept()`);
}
