import { connect } from 'node:net';
import { sleep, type Clock } from '@oubliette/runtime';
import { SampleError } from '../errors.js';

const patienceMs = 15_000;
const connectMs = 2_000;
const pauseMs = 500;

/**
 * Waits until one of the brokers takes a connection; services that start together need a moment. Rejects with
 * `BROKERS_UNREACHABLE`: said once and at once, before a client library tries for long and says so each time.
 */
export async function brokersAnswer(
  brokers: readonly string[],
  clock: Clock,
  patience = patienceMs,
): Promise<void> {
  const giveUpAt = clock.monotonic() + patience;
  for (;;) {
    for (const broker of brokers) if (await takesConnection(broker)) return;
    if (clock.monotonic() + pauseMs > giveUpAt)
      throw new SampleError(
        'BROKERS_UNREACHABLE',
        `None of the brokers ${brokers.join(', ')} takes a connection: start them, or correct OUBLIETTE_BROKERS; without that variable the bundled broker is used.`,
      );
    await sleep(clock, pauseMs);
  }
}

function takesConnection(broker: string): Promise<boolean> {
  const colon = broker.lastIndexOf(':');
  const host = broker.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(broker.slice(colon + 1)), timeout: connectMs });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
