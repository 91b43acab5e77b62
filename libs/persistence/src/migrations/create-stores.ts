import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnTypes } from './column-types.js';

/** Event store, outbox, erasure ledger and checkpoints. No column holds a user id or a personal value in clear. */
export class CreateOublietteStores1763800000000 implements MigrationInterface {
  readonly name = 'CreateOublietteStores1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    const { identity, bytes, bigint } = columnTypes(runner);
    await runner.query(`CREATE TABLE oubliette_events (
      position ${identity},
      stream_id varchar(255) NOT NULL,
      version integer NOT NULL,
      event_id varchar(64) NOT NULL,
      type varchar(255) NOT NULL,
      user_ref varchar(64),
      value ${bytes} NOT NULL,
      headers text NOT NULL,
      recorded_at ${bigint} NOT NULL,
      CONSTRAINT oubliette_events_stream UNIQUE (stream_id, version),
      CONSTRAINT oubliette_events_id UNIQUE (event_id)
    )`);
    await runner.query(`CREATE TABLE oubliette_outbox (
      id ${identity},
      topic varchar(249) NOT NULL,
      record_key ${bytes},
      value ${bytes} NOT NULL,
      headers text NOT NULL
    )`);
    await runner.query(`CREATE TABLE oubliette_erasures (
      erasure_id varchar(64) PRIMARY KEY,
      user_ref varchar(64) NOT NULL,
      lifecycle integer NOT NULL,
      state varchar(16) NOT NULL,
      requested_at ${bigint} NOT NULL,
      deadline ${bigint} NOT NULL,
      bound_ms ${bigint},
      forgotten_at ${bigint},
      erased_at ${bigint},
      note text,
      CONSTRAINT oubliette_erasures_user UNIQUE (user_ref, lifecycle)
    )`);
    await runner.query('CREATE INDEX oubliette_erasures_state ON oubliette_erasures (state, requested_at)');
    await runner.query(
      'CREATE INDEX oubliette_erasures_newest ON oubliette_erasures (requested_at, erasure_id)',
    );
    await runner.query(`CREATE TABLE oubliette_checkpoints (
      projection varchar(128) NOT NULL,
      topic varchar(249) NOT NULL,
      partition_number integer NOT NULL,
      next_offset ${bigint} NOT NULL,
      PRIMARY KEY (projection, topic, partition_number)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['checkpoints', 'erasures', 'outbox', 'events'])
      await runner.query(`DROP TABLE oubliette_${table}`);
  }
}
