import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes } from './column-types.js';

/** Which instance does what one is enough for, and until when by the database's clock. */
export class CreateOublietteLeases1764200000000 implements MigrationInterface {
  readonly name = 'CreateOublietteLeases1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    const { bigint } = columnTypes(runner);
    await runner.query(`CREATE TABLE oubliette_leases (
      name varchar(64) PRIMARY KEY,
      holder varchar(64) NOT NULL,
      until_ms ${bigint} NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE oubliette_leases');
  }
}
