import { isRetriable } from '../direct/index.js';
import { KafkaClientError, nameOf } from '../errors.js';
import type { LogErrors } from '../partition-log/log-errors.js';

/** What the direct client threw, as this lib's errors: retriable or not. */
export async function asKeyTopicError<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isRetriable(error)) throw unavailable(`${what} failed (${nameOf(error)})`, error);
    throw new KafkaClientError('KAFKA_REFUSED', `${what} at the key topic was refused: ${nameOf(error)}.`, {
      cause: error,
    });
  }
}

export function unavailable(what: string, cause?: unknown): KafkaClientError {
  return new KafkaClientError(
    'KEY_TOPIC_UNAVAILABLE',
    `${what} at the key topic. Check that its brokers are up and enough replicas in sync, then try again.`,
    { retriable: true, cause },
  );
}

/** The same for whoever looks at its logs. */
export const keyTopicErrors: LogErrors = { as: asKeyTopicError, unavailable };
