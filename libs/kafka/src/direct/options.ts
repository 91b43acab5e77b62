import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '@oubliette/runtime';
import type { KafkaSettings } from '../settings.js';
import { ConnectionError } from './errors.js';
import type { RetryPolicy } from './retry.js';

/** How patient the client is; every field has a default. Times in ms. */
export interface DirectTuning {
  readonly connectTimeoutMs?: number;
  /** Added to a request's own waiting time. */
  readonly requestTimeoutMs?: number;
  readonly retry?: RetryPolicy;
  /** The longest answer that is taken, in bytes. */
  readonly maxResponseBytes?: number;
}

export interface Settings extends Required<DirectTuning> {
  readonly brokers: readonly Address[];
  readonly clientId: string;
  /** TLS unless null. */
  readonly tls: ConnectionOptions | null;
  readonly clock: Clock;
}

/** Throws `ConnectionError`: INVALID_BROKER_ADDRESS, SASL_UNSUPPORTED. */
export function settingsOf(kafka: KafkaSettings, tuning: DirectTuning): Settings {
  if (kafka.sasl !== undefined) {
    throw new ConnectionError(
      'SASL_UNSUPPORTED',
      'the direct client cannot authenticate with SASL yet, use TLS client certificates',
    );
  }
  if (kafka.brokers.length === 0) {
    throw new ConnectionError('INVALID_BROKER_ADDRESS', 'no broker was named, give at least one host:port');
  }
  return {
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
    retry: { attempts: 7, initialMs: 50, maxMs: 1_000 },
    maxResponseBytes: 128 * 1024 * 1024,
    ...tuning,
    brokers: kafka.brokers.map(parseAddress),
    clientId: kafka.clientId,
    tls: kafka.ssl === undefined ? null : kafka.ssl === true ? {} : kafka.ssl,
    clock: kafka.clock,
  };
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; an IPv6 host may stand in brackets. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65535) {
    throw new ConnectionError('INVALID_BROKER_ADDRESS', `"${text}" is no broker address, write host:port`);
  }
  return { host, port };
}
