import type { ObjectLiteral, QueryResult } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import type { EmbeddedConnection } from './embedded-connection.js';
import type { SerialLock } from './serial-lock.js';
import type { TransactionScope } from './transaction-scope.js';

/** What the query runners of one embedded database share. */
export interface EmbeddedShare {
  readonly lock: SerialLock;
  readonly scope: TransactionScope;
  /** Prepared statements by text; TypeORM keeps at most 100. */
  readonly statements: Map<string, unknown>;
}

/**
 * A query runner of its own for each caller over the one connection there is. TypeORM shares a single runner: a plain write
 * and a second transaction then land inside whatever transaction is open, resolve, and vanish when that one rolls back.
 * Here a transaction holds the lock from BEGIN to its end, and everything outside a transaction holds it for one statement.
 */
export class SerialQueryRunner extends BetterSqlite3QueryRunner {
  #release: (() => void) | null = null;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly share: EmbeddedShare,
  ) {
    super(driver);
    Object.assign(this, { stmtCache: share.statements });
  }

  override async startTransaction(
    ...isolation: Parameters<BetterSqlite3QueryRunner['startTransaction']>
  ): Promise<void> {
    await this.#take();
    await super.startTransaction(...isolation);
  }

  override async commitTransaction(): Promise<void> {
    await super.commitTransaction();
    if (!this.isTransactionActive) this.#free();
  }

  override async rollbackTransaction(): Promise<void> {
    await super.rollbackTransaction();
    if (!this.isTransactionActive) this.#free();
  }

  /** Ends what its owner left open, so that the next in line starts clean. */
  override async release(): Promise<void> {
    try {
      if (this.#release !== null) await this.#abandon();
    } finally {
      this.#free();
      await super.release();
    }
  }

  // TypeORM declares both parameters and result loosely; this signature repeats its own.
  override async query<T>(
    query: string,
    parameters: unknown[] | ObjectLiteral | undefined,
    useStructuredResult: true,
  ): Promise<QueryResult<T>>;
  override async query<T>(query: string, parameters?: unknown[] | ObjectLiteral): Promise<T>;
  override async query<T>(
    query: string,
    parameters?: unknown[] | ObjectLiteral,
    useStructuredResult = false,
  ): Promise<T | QueryResult<T>> {
    const ask = () => super.query(query, parameters, useStructuredResult) as Promise<T>;
    if (this.#release !== null) return ask();
    this.share.scope.assertOutside();
    return this.share.lock.run(ask);
  }

  async #take(): Promise<void> {
    if (this.#release !== null) return;
    this.share.scope.assertOutside();
    this.#release = await this.share.lock.acquire();
  }

  #free(): void {
    this.#release?.();
    this.#release = null;
  }

  async #abandon(): Promise<void> {
    const connection = (await this.connect()) as EmbeddedConnection;
    if (connection.inTransaction) connection.exec('ROLLBACK');
    this.isTransactionActive = false;
  }
}
