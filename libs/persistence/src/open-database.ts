import type { Clock, Disk } from '@oubliette/runtime';
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { Database } from './database.js';
import { EmbeddedConnection } from './embedded-connection.js';
import { PersistenceError } from './errors.js';
import { AddOublietteErasureTopics1764300000000 } from './migrations/add-erasure-topics.js';
import { CreateOublietteAcknowledgements1764220000000 } from './migrations/create-acknowledgements.js';
import { CreateOublietteLeases1764200000000 } from './migrations/create-leases.js';
import { CreateOublietteLedger1764100000000 } from './migrations/create-ledger.js';
import { CreateOublietteLookups1763900000000 } from './migrations/create-lookups.js';
import { CreateOubliettePrivacyLog1764000000000 } from './migrations/create-privacy-log.js';
import { CreateOublietteStores1763800000000 } from './migrations/create-stores.js';
import { runMigrations } from './migrations/run-migrations.js';
import { SerialLock } from './serial-lock.js';
import { SerialQueryRunner, type EmbeddedShare } from './serial-query-runner.js';
import { TransactionScope } from './transaction-scope.js';
import { WalTruncation } from './wal-truncation.js';

export interface DatabaseOptions {
  readonly clock: Clock;
  /** PostgreSQL, e.g. `postgres://user:password@host/database`. Either this or `file`. */
  readonly url?: string;
  /** Path of the embedded database's file, made with mode 0600 when missing. */
  readonly file?: string;
  /** Makes, guards and locks the embedded database's file. Needed with `file`. */
  readonly disk?: Disk;
  /** The application's own entities and migrations, beside ours. */
  readonly entities?: readonly (EntitySchema | (new () => object))[];
  readonly migrations?: readonly (new () => MigrationInterface)[];
  /** ms between two truncations of the embedded database's write-ahead log. Default 10,000. */
  readonly walTruncateMs?: number;
  /** Told when a truncation failed; the next turn tries again. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Connects and brings the schema up to date. Rejects with `DATABASE_OPTIONS`, `DATABASE_LOCKED` (another process owns the
 * file) or `DATABASE_UNREACHABLE`.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, file } = options;
  if ((url === undefined) === (file === undefined))
    throw new PersistenceError('DATABASE_OPTIONS', 'Give either `url` (PostgreSQL) or `file` (embedded).');
  return file === undefined ? openPostgres(options, url!) : openEmbedded(options, file);
}

function shared({ entities = [], migrations = [] }: DatabaseOptions) {
  return {
    entities: [...entities],
    migrations: [
      CreateOublietteStores1763800000000,
      CreateOublietteLookups1763900000000,
      CreateOublietteLedger1764100000000,
      CreateOubliettePrivacyLog1764000000000,
      CreateOublietteLeases1764200000000,
      CreateOublietteAcknowledgements1764220000000,
      AddOublietteErasureTopics1764300000000,
      ...migrations,
    ],
    migrationsTableName: 'oubliette_migrations',
    synchronize: false,
    logging: false,
  };
}

async function openPostgres(options: DatabaseOptions, url: string): Promise<Database> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'oubliette',
    connectTimeoutMS: 10_000,
    ...shared(options),
  });
  await initialize(dataSource, 'the PostgreSQL server at the given URL');
  await migrate(dataSource);
  return new Database({ dataSource, scope: null, walTruncation: null, unlock: () => undefined });
}

async function openEmbedded(options: DatabaseOptions, file: string): Promise<Database> {
  const { clock, disk, walTruncateMs = 10_000, onError = () => undefined } = options;
  if (disk === undefined)
    throw new PersistenceError('DATABASE_OPTIONS', 'An embedded database needs `disk` beside `file`.');
  const unlock = prepareFile(disk, file);
  try {
    const dataSource = new DataSource({
      type: 'better-sqlite3',
      driver: EmbeddedConnection,
      database: file,
      prepareDatabase: prepareConnection,
      ...shared(options),
    });
    const scope = new TransactionScope();
    serialise(dataSource, { lock: new SerialLock({ clock }), scope, statements: new Map() });
    await initialize(dataSource, file);
    await migrate(dataSource);
    const walTruncation = new WalTruncation(dataSource, clock, walTruncateMs, onError);
    await walTruncation.truncate();
    walTruncation.start();
    return new Database({ dataSource, scope, walTruncation, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The file is made here, so that SQLite gives its mode to the write-ahead log too. */
function prepareFile(disk: Disk, file: string): () => void {
  const slash = file.lastIndexOf('/');
  if (slash > 0) disk.makeDirectorySync(file.slice(0, slash), 0o700);
  let unlock: () => void;
  try {
    unlock = disk.lockSync(`${file}.lock`);
  } catch (cause) {
    throw new PersistenceError(
      'DATABASE_LOCKED',
      `The embedded database ${file} cannot be taken: another process owns it, or the directory is not writable.`,
      { cause },
    );
  }
  disk.openSync(file, 'write', 0o600).closeSync();
  return unlock;
}

/**
 * A commit is durable when it is acknowledged (synchronous FULL), deleted content is overwritten with zeros (secure_delete),
 * nothing personal spills into temporary files (temp_store), and the write-ahead log does not keep its largest size.
 */
function prepareConnection(connection: EmbeddedConnection): void {
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = FULL',
    'secure_delete = ON',
    'temp_store = MEMORY',
    'journal_size_limit = 0',
    // 64 MiB of pages in memory and up to 32 MiB of log between checkpoints: keys that are hashes land on pages all over.
    'cache_size = -65536',
    'wal_autocheckpoint = 8000',
    'busy_timeout = 5000',
  ])
    connection.pragma(pragma);
}

function serialise(dataSource: DataSource, share: EmbeddedShare): void {
  const driver = dataSource.driver as BetterSqlite3Driver;
  driver.createQueryRunner = () => new SerialQueryRunner(driver, share);
}

async function initialize(dataSource: DataSource, what: string): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PersistenceError('DATABASE_UNREACHABLE', `Cannot open ${what}: ${reason}`, { cause });
  }
}

async function migrate(dataSource: DataSource): Promise<void> {
  try {
    await runMigrations(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
