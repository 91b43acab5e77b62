import { sleep, type Clock } from '@oubliette/runtime';
import { KafkaClientError } from '../errors.js';

/** Longer than Kafka's default broker.session.timeout.ms (9 s), for which metadata still names a broker that died. */
const patienceMs = 15_000;
const pauseMs = 250;

/**
 * Asks again while the answer is `retriable`, for 15 s: kafkajs's admin gives up at once when the one broker that it picked
 * out of the metadata has just died. For what may be asked twice. Ends early, with the last error, when `signal` aborts.
 */
export async function askPatiently<T>(clock: Clock, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const giveUpAt = clock.monotonic() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const again = error instanceof KafkaClientError && error.retriable && !signal.aborted;
      if (!again || clock.monotonic() + pauseMs > giveUpAt) throw error;
    }
    await sleep(clock, pauseMs, signal);
  }
}
