/** `LOOKUP_INCOMPLETE` and `LOOKUP_UNAVAILABLE` are worth another try. */
export type LookupErrorCode =
  | 'LOOKUP_INDEX_INVALID'
  | 'LOOKUP_INDEX_UNKNOWN'
  | 'LOOKUP_VALUE_INVALID'
  | 'LOOKUP_INCOMPLETE'
  | 'LOOKUP_UNAVAILABLE'
  | 'LOOKUPS_CLOSED';

/** What look-ups throw. The message names indexes, never a value or a user. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
  readonly retriable: boolean;

  constructor(
    readonly code: LookupErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retriable = code === 'LOOKUP_INCOMPLETE' || code === 'LOOKUP_UNAVAILABLE';
  }
}
