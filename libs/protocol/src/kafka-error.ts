import { ErrorCode, RETRIABLE_ERRORS, errorName, type ErrorName } from './error-code.js';

/**
 * An error that Kafka's protocol has a code for. `code` is the number on the wire, `codeName` its name; `retriable` as
 * Kafka's clients see it. A number that the table does not know keeps its number and reads as UNKNOWN_SERVER_ERROR.
 */
export class KafkaError extends Error {
  override readonly name = 'KafkaError';
  readonly code: number;
  readonly codeName: ErrorName;
  readonly retriable: boolean;

  constructor(code: ErrorName | number, message?: string, options?: ErrorOptions) {
    const codeName = typeof code === 'string' ? code : errorName(code);
    super(message === undefined ? codeName : `${codeName}: ${message}`, options);
    this.code = typeof code === 'string' ? ErrorCode[code] : code;
    this.codeName = codeName;
    this.retriable = RETRIABLE_ERRORS.has(codeName);
  }
}

/**
 * For an error that is an answer to a client, not a fault: makes it without a stack, whose capture takes longer than all else of a
 * refusal (Kafka's ApiException has none either).
 */
export function withoutStack<T extends Error>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
