/** Stable codes of this lib. `LOCK_TIMEOUT` and `DATABASE_UNREACHABLE` are worth another try. */
export type PersistenceErrorCode =
  | 'DATABASE_OPTIONS'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_LOCKED'
  | 'DATABASE_CLOSED'
  | 'LOCK_TIMEOUT'
  | 'LOCK_QUEUE_FULL'
  | 'NESTED_TRANSACTION'
  | 'ROWS_INVALID';

export class PersistenceError extends Error {
  override readonly name = 'PersistenceError';
  readonly retriable: boolean;

  constructor(
    readonly code: PersistenceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retriable = code === 'LOCK_TIMEOUT' || code === 'DATABASE_UNREACHABLE' || code === 'LOCK_QUEUE_FULL';
  }
}
