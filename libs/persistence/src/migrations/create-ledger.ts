import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dropKept, keepRows } from './append-only.js';
import { columnTypes } from './column-types.js';

const tables = ['oubliette_ledger', 'oubliette_certificates'];

/** Every step of every erasure, and the chain of certificates, only ever added: the database itself refuses to change or remove one. */
export class CreateOublietteLedger1764100000000 implements MigrationInterface {
  readonly name = 'CreateOublietteLedger1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    const { identity, bigint } = columnTypes(runner);
    for (const column of [
      'revision integer NOT NULL DEFAULT 0',
      `updated_at ${bigint} NOT NULL DEFAULT 0`,
      "law varchar(255) NOT NULL DEFAULT 'GDPR Art. 12(3)'",
      'extension text',
      'hold text',
      'forgotten_keys text',
      'evidence text',
      'unseen_replicas integer NOT NULL DEFAULT 0',
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
    await runner.query(`CREATE TABLE oubliette_certificates (
      number ${bigint} NOT NULL PRIMARY KEY,
      erasure_id varchar(64) NOT NULL,
      digest varchar(64) NOT NULL,
      file text NOT NULL
    )`);
    await runner.query(
      'CREATE INDEX oubliette_certificates_erasure ON oubliette_certificates (erasure_id, number)',
    );
    for (const table of tables) await keepRows(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await dropKept(runner, table);
    for (const column of [
      'revision',
      'updated_at',
      'law',
      'extension',
      'hold',
      'forgotten_keys',
      'evidence',
      'unseen_replicas',
    ])
      await runner.query(`ALTER TABLE oubliette_erasures DROP COLUMN ${column}`);
  }
}
