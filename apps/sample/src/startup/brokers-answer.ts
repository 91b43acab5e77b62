import { connect } from 'node:net';
import { sleep, type Clock } from '@oubliette/runtime';
import { SampleError } from '../errors.js';

const patienceMs = 15_000;
const connectMs = 2_000;
const pauseMs = 500;

/** An ApiVersions request, version 0 (Kafka protocol guide): length, API key 18, version, correlation id, no client id. */
const question = Buffer.from('0000000a' + '0012' + '0000' + '0b1e77e5' + 'ffff', 'hex');
const correlationId = 0x0b1e77e5;
/** Length, correlation id, error code: an answer has more. */
const answerBytes = 10;

/**
 * Waits until one of the brokers answers in Kafka's protocol; services that start together need a moment. Rejects with
 * `BROKERS_UNREACHABLE`: said once and at once, before a client library tries for long and says so each time.
 */
export async function brokersAnswer(
  brokers: readonly string[],
  clock: Clock,
  patience = patienceMs,
): Promise<void> {
  const giveUpAt = clock.monotonic() + patience;
  for (;;) {
    for (const broker of brokers) if (await speaksKafka(broker)) return;
    if (clock.monotonic() + pauseMs > giveUpAt)
      throw new SampleError(
        'BROKERS_UNREACHABLE',
        `None of the brokers ${brokers.join(', ')} answers in Kafka's protocol: start them, or correct OUBLIETTE_BROKERS; without that variable the bundled broker is used.`,
      );
    await sleep(clock, pauseMs);
  }
}

function speaksKafka(broker: string): Promise<boolean> {
  const colon = broker.lastIndexOf(':');
  const host = broker.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(broker.slice(colon + 1)), timeout: connectMs });
    let answer = Buffer.alloc(0);
    const end = (speaks: boolean): void => {
      socket.destroy();
      resolve(speaks);
    };
    socket.once('connect', () => socket.write(question));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= answerBytes) end(answer.readInt32BE(4) === correlationId);
    });
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => end(false));
  });
}
