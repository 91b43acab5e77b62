import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemDisk } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { openDatabase, type Database, type DatabaseOptions } from '../../src/index.js';

export interface TestDatabase {
  readonly database: Database;
  readonly clock: ManualClock;
  /** The embedded database's file; empty for PostgreSQL. */
  readonly file: string;
  readonly close: () => Promise<void>;
}

/** An embedded database in a directory of its own, which goes with it. */
export async function openEmbeddedForTest(options: Partial<DatabaseOptions> = {}): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-persistence-'));
  const file = join(directory, 'test.db');
  const clock = new ManualClock();
  const database = await openDatabase({ clock, disk: new SystemDisk(), file, ...options });
  return {
    database,
    clock,
    file,
    close: async () => {
      await database.close();
      rmSync(directory, { recursive: true });
    },
  };
}
