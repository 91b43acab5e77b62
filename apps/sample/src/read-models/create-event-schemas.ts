import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The Avro schemas that events may be written with: as a registry numbers them, and a fingerprint of what they say. */
export class CreateEventSchemas1763800200000 implements MigrationInterface {
  readonly name = 'CreateEventSchemas1763800200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE sample_event_schemas (frame varchar(64) PRIMARY KEY, fingerprint varchar(64) NOT NULL)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sample_event_schemas');
  }
}
