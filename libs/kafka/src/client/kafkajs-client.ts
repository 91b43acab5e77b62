import kafkajs, { type Kafka, type RetryOptions, type SASLOptions } from 'kafkajs';
import { silentLogger } from '../logger.js';
import type { KafkaSettings, SaslSettings } from '../settings.js';
import { ThrottledLogger } from '../throttled-logger.js';
import { stopIdleTimer } from './kafkajs-idle-timer.js';
import { kafkajsLogCreator } from './kafkajs-logger.js';

/**
 * Tries again soon and for about 40 s: long enough for a new leader (3–4 s after a crash), short enough that a caller
 * hears of an outage. kafkajs's own defaults wait longer between tries than an election takes.
 */
export const retryOptions: RetryOptions = { initialRetryTime: 50, maxRetryTime: 200, retries: 200 };

const plainConnectMs = 500;
const tlsConnectMs = 2_000;
/**
 * About 5 s: for what its owner repeats for ever anyway. So a lost cluster shows soon, and closing does not wait for the end
 * of tries that nobody needs any more.
 */
export const supervisedRetryOptions: RetryOptions = { ...retryOptions, retries: 25 };

/** Age in ms at which kafkajs asks for partitions and leaders again. */
export const metadataMaxAge = 60_000;

export function createKafkajs(settings: KafkaSettings, retry: RetryOptions = retryOptions): Kafka {
  stopIdleTimer();
  return new kafkajs.Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    connectionTimeout: settings.ssl === undefined ? plainConnectMs : tlsConnectMs,
    retry: settings.retries === undefined ? retry : { ...retry, retries: settings.retries },
    ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    ...(settings.sasl === undefined ? {} : { sasl: saslOptions(settings.sasl) }),
    logCreator: kafkajsLogCreator(ThrottledLogger.of(settings.logger ?? silentLogger, settings.clock)),
  });
}

function saslOptions({ mechanism, username, password }: SaslSettings): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism: 'plain', username, password };
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', username, password };
  }
}
