import { QueryFailedError, type DataSource, type EntityManager } from 'typeorm';
import type { WalTruncation } from './wal-truncation.js';
import { PersistenceError } from './errors.js';
import { asOutage } from './outage.js';
import { dialectOf, execute, type Dialect, type SqlResult, type SqlValue } from './sql.js';
import type { TransactionScope } from './transaction-scope.js';

/** What an open database is made of; `openDatabase` puts it together. */
export interface DatabaseParts {
  readonly dataSource: DataSource;
  readonly scope: TransactionScope | null;
  readonly walTruncation: WalTruncation | null;
  /** Gives back what the process holds on the file. */
  readonly unlock: () => void;
}

/** The application's database, embedded or PostgreSQL; callers need not know which. */
export class Database {
  readonly #parts: DatabaseParts;
  #closed: Promise<void> | null = null;

  constructor(parts: DatabaseParts) {
    this.#parts = parts;
  }

  /** For TypeORM repositories and `@nestjs/typeorm`: they are as safe as `transaction` here. */
  get dataSource(): DataSource {
    return this.#parts.dataSource;
  }

  get dialect(): Dialect {
    return dialectOf(this.dataSource.manager);
  }

  /**
   * Commits what `work` wrote with its manager, or nothing when it rejects. In the embedded database transactions run one
   * after the other; asking anything but the manager there throws `NESTED_TRANSACTION`. Rejects with the retriable
   * `DATABASE_UNREACHABLE` when the server is away.
   */
  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (this.#closed !== null) throw closedError();
    let callersOwn: unknown = null;
    try {
      return await this.#transaction(async (manager) => {
        try {
          return await work(manager);
        } catch (error) {
          // A connection that `work` lost to somebody else is not the database's.
          if (!(error instanceof QueryFailedError)) callersOwn = error;
          throw error;
        }
      });
    } catch (error) {
      throw error === callersOwn ? error : asOutage(error);
    }
  }

  /** One statement on its own, with `?` for each parameter. Rejects with `DATABASE_UNREACHABLE` when the server is away. */
  async execute(sql: string, parameters: readonly SqlValue[] = []): Promise<SqlResult> {
    if (this.#closed !== null) throw closedError();
    try {
      return await execute(this.dataSource.manager, sql, parameters);
    } catch (error) {
      throw asOutage(error);
    }
  }

  #transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { dataSource, scope } = this.#parts;
    if (scope === null) return dataSource.transaction(work);
    return scope.run((entered) =>
      dataSource.transaction((manager) => {
        entered();
        return work(manager);
      }),
    );
  }

  /** Waits for what is under way, truncates the write-ahead log and closes. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { dataSource, walTruncation, unlock } = this.#parts;
    try {
      await walTruncation?.close();
      await dataSource.destroy();
    } finally {
      unlock();
    }
  }
}

function closedError(): PersistenceError {
  return new PersistenceError('DATABASE_CLOSED', 'The database is closed: the application is shutting down.');
}
