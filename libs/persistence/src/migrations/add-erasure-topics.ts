import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The topics in which an erasure ends a user's records, beside the user's keys; JSON, null: none. */
export class AddOublietteErasureTopics1764300000000 implements MigrationInterface {
  readonly name = 'AddOublietteErasureTopics1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE oubliette_erasures ADD COLUMN topics text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE oubliette_erasures DROP COLUMN topics');
  }
}
