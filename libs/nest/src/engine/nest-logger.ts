import { Logger as NestLogger } from '@nestjs/common';
import type { LogFields, Logger } from '@oubliette/kafka';

/** The libs' logger port on Nest's logger: message, then fields as `name=value`. */
export function nestLogger(context = 'Oubliette'): Logger {
  const logger = new NestLogger(context);
  return {
    debug: (message, fields) => logger.debug(line(message, fields)),
    info: (message, fields) => logger.log(line(message, fields)),
    warn: (message, fields) => logger.warn(line(message, fields)),
    error: (message, fields) => logger.error(line(message, fields)),
  };
}

function line(message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return [message, ...pairs].join(' ');
}
