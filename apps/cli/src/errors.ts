export type CliErrorCode =
  | 'USAGE'
  | 'NOT_YET'
  | 'CERTIFICATE_NOT_IN_CHAIN'
  | 'NOT_CONFIRMED'
  | 'SAMPLE_NOT_RUNNING'
  | 'SAMPLE_UNREACHABLE'
  | 'SAMPLE_REFUSED'
  | 'NO_BROKERS'
  | 'NO_MASTER_KEYS'
  | 'USERS_NOT_ACTIVE'
  | 'NOTHING_TO_LIFT'
  | 'DATASET_UNREADABLE'
  | 'CSV_INVALID';

/** What a command could not do. `exitCode` is 2 for wrong usage, else 1. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly code: CliErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get exitCode(): 1 | 2 {
    return ['USAGE', 'NOT_YET', 'NOT_CONFIRMED', 'NO_BROKERS'].includes(this.code) ? 2 : 1;
  }
}

/** The stable code of any error, where it has one. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED';
}
