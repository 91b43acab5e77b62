import { columnTypes } from '@oubliette/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Students whose registration could not be read when it came, since they were restricted: by pseudonym. */
export class CreateWaitingStudents1764000100000 implements MigrationInterface {
  readonly name = 'CreateWaitingStudents1764000100000';

  async up(runner: QueryRunner): Promise<void> {
    const { bigint } = columnTypes(runner);
    await runner.query(`CREATE TABLE sample_waiting_students (
      user_ref varchar(64) PRIMARY KEY,
      registered_at ${bigint} NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sample_waiting_students');
  }
}
