import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes } from './column-types.js';

const refusal = 'oubliette_privacy_log is append-only';

/** The trail of restrictions, holds and permits. Triggers keep what stands in it; pseudonyms, times and reasons only. */
export class CreateOubliettePrivacyLog1764000000000 implements MigrationInterface {
  readonly name = 'CreateOubliettePrivacyLog1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const { identity, bigint } = columnTypes(runner);
    await runner.query(`CREATE TABLE oubliette_privacy_log (
      id ${identity},
      at ${bigint} NOT NULL,
      kind varchar(32) NOT NULL,
      user_ref varchar(64) NOT NULL,
      reason varchar(200) NOT NULL,
      erasure_id varchar(64)
    )`);
    await runner.query('CREATE INDEX oubliette_privacy_log_user ON oubliette_privacy_log (user_ref, id)');
    if (runner.dataSource.options.type === 'postgres') await guardPostgres(runner);
    else await guardSqlite(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE oubliette_privacy_log');
    if (runner.dataSource.options.type === 'postgres')
      await runner.query('DROP FUNCTION oubliette_privacy_log_kept()');
  }
}

async function guardPostgres(runner: QueryRunner): Promise<void> {
  await runner.query(`CREATE FUNCTION oubliette_privacy_log_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '${refusal}'; END $$`);
  await runner.query(`CREATE TRIGGER oubliette_privacy_log_kept
    BEFORE UPDATE OR DELETE OR TRUNCATE ON oubliette_privacy_log
    FOR EACH STATEMENT EXECUTE FUNCTION oubliette_privacy_log_kept()`);
}

async function guardSqlite(runner: QueryRunner): Promise<void> {
  for (const change of ['UPDATE', 'DELETE'])
    await runner.query(`CREATE TRIGGER oubliette_privacy_log_no_${change.toLowerCase()}
      BEFORE ${change} ON oubliette_privacy_log
      BEGIN SELECT RAISE(ABORT, '${refusal}'); END`);
}
