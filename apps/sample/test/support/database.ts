import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '@oubliette/persistence';
import { SystemDisk } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { sampleMigrations } from '../../src/read-models/migrations.js';

/** Runs `body` on an empty embedded database with the sample's tables. */
export async function withDatabase(body: (database: Database) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-sample-db-'));
  const database = await openDatabase({
    file: join(directory, 'test.db'),
    disk: new SystemDisk(),
    clock: new ManualClock(),
    migrations: sampleMigrations,
  });
  try {
    await body(database);
  } finally {
    await database.close();
    rmSync(directory, { recursive: true });
  }
}
