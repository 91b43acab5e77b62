import { KafkaError, type ErrorName } from '@oubliette/protocol';

export type ConnectionErrorCode =
  | 'CONNECT_FAILED'
  | 'CONNECTION_LOST'
  | 'REQUEST_TIMED_OUT'
  | 'TOO_MANY_REQUESTS'
  | 'RESPONSE_MALFORMED'
  | 'VERSION_NOT_SHARED'
  | 'NO_BROKER_REACHABLE'
  | 'INVALID_BROKER_ADDRESS'
  | 'SASL_UNSUPPORTED'
  | 'CLIENT_CLOSED';

const RETRIABLE: ReadonlySet<ConnectionErrorCode> = new Set<ConnectionErrorCode>([
  'CONNECT_FAILED',
  'CONNECTION_LOST',
  'REQUEST_TIMED_OUT',
  'NO_BROKER_REACHABLE',
]);

/** A request that got no answer from a broker. Whether it was carried out is unknown after CONNECTION_LOST and REQUEST_TIMED_OUT. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly retriable: boolean;

  constructor(
    readonly code: ConnectionErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retriable = RETRIABLE.has(code);
  }
}

/** A `KafkaError` that a broker gave for one partition. */
export class PartitionError extends KafkaError {
  constructor(
    code: ErrorName | number,
    readonly topic: string,
    readonly partition: number,
    what: string,
  ) {
    super(code, `${what} ${topic}-${partition}`);
  }
}

export function isRetriable(error: unknown): boolean {
  return (error instanceof KafkaError || error instanceof ConnectionError) && error.retriable;
}
