import { KafkaError } from '../kafka-error.js';

/** A payload that is not what its codec says. Names codec and reason, never content. */
export function corrupt(codec: string, reason: string, cause?: unknown): KafkaError {
  return new KafkaError(
    'CORRUPT_MESSAGE',
    `a ${codec} payload: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}

/** Refuses to unpack more than the bound, with MESSAGE_TOO_LARGE. */
export function refuseBeyond(codec: string, wanted: number, maxBytes: number): void {
  if (wanted > maxBytes) {
    throw new KafkaError(
      'MESSAGE_TOO_LARGE',
      `a ${codec} payload: it unpacks to ${wanted} bytes or more, ${maxBytes} are allowed`,
    );
  }
}
