import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '@oubliette/runtime';
import type { Logger } from './logger.js';

export interface SaslSettings {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** How to reach a cluster; shared by every client of a process. */
export interface KafkaSettings {
  /** `host:port` of one or more brokers. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS; true takes Node's defaults. */
  readonly ssl?: ConnectionOptions | true;
  readonly sasl?: SaslSettings;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How often what kafkajs failed at is tried again, at most 0.2 s apart. Default 200: about 40 s. */
  readonly retries?: number;
  readonly clock: Clock;
}
