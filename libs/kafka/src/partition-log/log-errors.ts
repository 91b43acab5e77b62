import type { KafkaClientError } from '../errors.js';

/** How what goes wrong with a topic's logs is told: retriable or not, and at which topic. */
export interface LogErrors {
  /** Rejects with what `work` rejects with, as this lib's error. */
  as<T>(what: string, work: Promise<T>): Promise<T>;
  /** Retriable. */
  unavailable(what: string): KafkaClientError;
}
