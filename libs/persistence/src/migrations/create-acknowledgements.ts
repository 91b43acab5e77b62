import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes } from './column-types.js';

/** What processors were asked about erasures, and answered: an erasure's id, names, times, and texts that name nobody. */
export class CreateOublietteAcknowledgements1764220000000 implements MigrationInterface {
  readonly name = 'CreateOublietteAcknowledgements1764220000000';

  async up(runner: QueryRunner): Promise<void> {
    const { bigint } = columnTypes(runner);
    await runner.query(`CREATE TABLE oubliette_acknowledgements (
      erasure_id varchar(64) NOT NULL,
      processor varchar(64) NOT NULL,
      asks integer NOT NULL,
      asked_at ${bigint},
      due_at ${bigint},
      outcome varchar(16) NOT NULL,
      answered_at ${bigint},
      reason varchar(64),
      answer_text varchar(200),
      PRIMARY KEY (erasure_id, processor)
    )`);
    // An answer takes away when it is due.
    await runner.query('CREATE INDEX oubliette_acknowledgements_due ON oubliette_acknowledgements (due_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE oubliette_acknowledgements');
  }
}
