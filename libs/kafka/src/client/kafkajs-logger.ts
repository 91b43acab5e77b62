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

/** What is dealt with elsewhere, by namespace and the message's beginning: not for an operator. */
const dealtWith: readonly (readonly [namespace: string, start: string, where: string])[] = [
  [
    'Connection',
    'Response ',
    'an answer with an error code: whoever asked has it, and it may be what was asked for',
  ],
  ['BrokerPool', '', 'the connection has said which broker it was and why'],
  ['Consumer', 'Crash: ', 'consumer.ts says so and joins again'],
  ['Runner', 'Error when calling each', 'batch-handler.ts says so, and the batch comes again'],
  ['Producer', 'Limiting retries', 'the producer is thrown away after a failure (producer.ts)'],
];

/**
 * Passes kafkajs's messages on, one level lower than it rates them: what it calls an error is mostly a connection that it
 * opens again by itself. What really failed reaches the caller as an error; what is dealt with by us is debug.
 */
export function kafkajsLogCreator(logger: Logger): (level: logLevel) => (entry: LogEntry) => void {
  return () =>
    ({ level, namespace, log }) => {
      // Its types say text, but where it gives up on a broker the message is an Error.
      const text = String(log.message);
      const message = `kafkajs ${namespace}: ${text}`;
      const fields = pick(log);
      const ours = dealtWith.some(([name, start]) => namespace === name && text.startsWith(start));
      if (ours) logger.debug(message, fields);
      else if (Number(level) === errorLevel) logger.warn(message, fields);
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
