import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes } from './column-types.js';

/** Every step of every erasure, only ever added: the database itself refuses to change or remove one. */
export class CreateOublietteLedger1764000000000 implements MigrationInterface {
  readonly name = 'CreateOublietteLedger1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const { identity, bigint } = columnTypes(runner);
    for (const column of [
      'revision integer NOT NULL DEFAULT 0',
      `updated_at ${bigint} NOT NULL DEFAULT 0`,
      "law varchar(255) NOT NULL DEFAULT 'GDPR Art. 12(3)'",
      'extension text',
      'forgotten_keys text',
    ])
      await runner.query(`ALTER TABLE oubliette_erasures ADD COLUMN ${column}`);
    await runner.query('UPDATE oubliette_erasures SET updated_at = requested_at');
    await runner.query(`CREATE TABLE oubliette_ledger (
      number ${identity},
      erasure_id varchar(64) NOT NULL,
      revision integer NOT NULL,
      entry text NOT NULL,
      CONSTRAINT oubliette_ledger_step UNIQUE (erasure_id, revision)
    )`);
    await refuseChanges(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE oubliette_ledger');
    if (runner.dataSource.options.type === 'postgres')
      await runner.query('DROP FUNCTION oubliette_ledger_stays');
    for (const column of ['revision', 'updated_at', 'law', 'extension', 'forgotten_keys'])
      await runner.query(`ALTER TABLE oubliette_erasures DROP COLUMN ${column}`);
  }
}

async function refuseChanges(runner: QueryRunner): Promise<void> {
  const refusal = 'oubliette_ledger is append-only';
  if (runner.dataSource.options.type === 'postgres') {
    await runner.query(
      `CREATE FUNCTION oubliette_ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${refusal}'; END $$`,
    );
    await runner.query(
      'CREATE TRIGGER oubliette_ledger_stays BEFORE UPDATE OR DELETE ON oubliette_ledger FOR EACH ROW EXECUTE FUNCTION oubliette_ledger_stays()',
    );
    return;
  }
  for (const change of ['UPDATE', 'DELETE'])
    await runner.query(
      `CREATE TRIGGER oubliette_ledger_no_${change.toLowerCase()} BEFORE ${change} ON oubliette_ledger BEGIN SELECT RAISE(ABORT, '${refusal}'); END`,
    );
}
