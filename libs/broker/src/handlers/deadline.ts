import { KafkaError } from '@oubliette/protocol';

/**
 * Kafka's controller does nothing for a request whose time is over before it begins (ControllerRequestContext.deadlineNs). Throws
 * REQUEST_TIMED_OUT for a timeout of 0 ms or less; all that is longer is enough here.
 */
export function checkDeadline(timeoutMs: number): void {
  if (timeoutMs <= 0) throw new KafkaError('REQUEST_TIMED_OUT');
}
