import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes } from './column-types.js';

/** Rows by which users are found again: keyed hashes, pseudonyms, and the values under their users' keys. */
export class CreateOublietteLookups1763900000000 implements MigrationInterface {
  readonly name = 'CreateOublietteLookups1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    const { bytes } = columnTypes(runner);
    await runner.query(`CREATE TABLE oubliette_lookups (
      index_name varchar(64) NOT NULL,
      hash varchar(32) NOT NULL,
      user_ref varchar(64) NOT NULL,
      pepper_id varchar(16) NOT NULL,
      sealed ${bytes} NOT NULL,
      PRIMARY KEY (index_name, hash, user_ref)
    )`);
    await runner.query('CREATE INDEX oubliette_lookups_user ON oubliette_lookups (user_ref)');
    await runner.query(
      'CREATE INDEX oubliette_lookups_pepper ON oubliette_lookups (pepper_id, index_name, hash, user_ref)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE oubliette_lookups');
  }
}
