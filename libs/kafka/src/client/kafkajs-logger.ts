import type { LogEntry, logLevel } from 'kafkajs';
import type { LogFields, Logger } from '../logger.js';

/** kafkajs's levels (ERROR 1, WARN 2, INFO 4, DEBUG 5) as numbers: its enum exists only at run time. */
const errorLevel = 1;
const warnLevel = 2;

// Facts about the cluster that help an operator. Stacks, payloads and free-form errors stay out.
const keptFields = [
  'groupId',
  'memberId',
  'topic',
  'partition',
  'broker',
  'nodeId',
  'retryCount',
  'duration',
];

// The producer is thrown away after a failure (producer.ts), which is what this one asks to think about.
const expectedMessages = ['Limiting retries for the idempotent producer'];

/**
 * Passes kafkajs's messages on, one level lower than it rates them: what it calls an error is mostly
 * a connection that it opens again by itself. What really failed reaches the caller as an error.
 */
export function kafkajsLogCreator(logger: Logger): (level: logLevel) => (entry: LogEntry) => void {
  return () =>
    ({ level, namespace, log }) => {
      if (expectedMessages.some((start) => log.message.startsWith(start))) return;
      const message = `kafkajs ${namespace}: ${log.message}`;
      const fields = pick(log);
      if (Number(level) === errorLevel) logger.warn(message, fields);
      else if (Number(level) === warnLevel) logger.info(message, fields);
      else logger.debug(message, fields);
    };
}

function pick(log: Readonly<Record<string, unknown>>): LogFields {
  const fields: Record<string, string | number | boolean | null> = {};
  for (const name of keptFields) {
    const value = log[name];
    if (typeof value === 'string' || typeof value === 'number') fields[name] = value;
  }
  return fields;
}
