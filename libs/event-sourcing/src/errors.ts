/**
 * Stable codes of this lib. `CONCURRENCY_CONFLICT`, `EVENTS_UNAVAILABLE` and `SEALED_COLUMN_UNAVAILABLE` are worth
 * another try; the others are not.
 */
export type EventSourcingErrorCode =
  | 'CONCURRENCY_CONFLICT'
  | 'EVENT_ID_TAKEN'
  | 'EVENT_TYPE_UNKNOWN'
  | 'EVENTS_UNAVAILABLE'
  | 'EVENTS_INVALID'
  | 'STREAM_ID_INVALID'
  | 'RELAY_STATE'
  | 'SEALED_COLUMN_UNAVAILABLE'
  | 'SEALED_COLUMN_INVALID';

const retriable: ReadonlySet<EventSourcingErrorCode> = new Set([
  'CONCURRENCY_CONFLICT',
  'EVENTS_UNAVAILABLE',
  'SEALED_COLUMN_UNAVAILABLE',
]);

export class EventSourcingError extends Error {
  override readonly name = 'EventSourcingError';
  readonly retriable: boolean;

  constructor(
    readonly code: EventSourcingErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retriable = retriable.has(code);
  }
}

/** The error every event store rejects with when a stream has moved on. Stream ids are pseudonymous, so it may be named. */
export function concurrencyConflict(
  streamId: string,
  expectedVersion: number,
  currentVersion: number,
): EventSourcingError {
  return new EventSourcingError(
    'CONCURRENCY_CONFLICT',
    `Stream ${streamId} stands at version ${currentVersion}, not ${expectedVersion}: load it again and decide anew.`,
  );
}

/** The error every event store rejects with when an event id was stored before. */
export function eventIdTaken(cause?: unknown): EventSourcingError {
  return new EventSourcingError(
    'EVENT_ID_TAKEN',
    'An event with the same id is stored already; nothing was appended. Event ids are unique over all streams.',
    { cause },
  );
}
