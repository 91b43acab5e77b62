import { KafkaError } from '@oubliette/protocol';

/** What is wrong with one record of a batch; the index counts from 0. The message holds nothing of the record's content. */
export interface RecordError {
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string;
}

/** A batch refused in words for the client; for some of its records (Kafka's RecordValidationException, KIP-467) it names each. */
export class RecordValidationError extends KafkaError {
  constructor(
    code: 'CORRUPT_MESSAGE' | 'INVALID_RECORD' | 'INVALID_TIMESTAMP',
    /** For the client, in Kafka's words. */
    readonly clientMessage: string,
    readonly recordErrors: readonly RecordError[] = [],
  ) {
    super(code, clientMessage);
  }
}
