import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dropKept, keepRows } from './append-only.js';
import { columnTypes } from './column-types.js';

/** The trail of restrictions, holds, permits and consents. Triggers keep what stands in it; pseudonyms, times and reasons only. */
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
    await keepRows(runner, 'oubliette_privacy_log');
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropKept(runner, 'oubliette_privacy_log');
  }
}
