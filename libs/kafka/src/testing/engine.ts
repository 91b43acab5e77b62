import { SystemClock } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { KafkaSettings } from '../settings.js';

/** A running cluster to hold a contract against; asked for its address when the first test runs. */
export interface Engine {
  readonly name: string;
  bootstrap(): string;
}

export const clock = new SystemClock();

let names = 0;
const run = `${process.pid.toString(36)}-${Math.floor(clock.now()).toString(36)}`;

/** A topic or group name that no other test uses. */
export function uniqueName(what: string): string {
  names += 1;
  return `contract.${what}.${run}.${names}`;
}

export function settingsFor(engine: Engine, logger?: Logger): KafkaSettings {
  return {
    brokers: [engine.bootstrap()],
    clientId: 'contract',
    clock,
    ...(logger === undefined ? {} : { logger }),
  };
}
