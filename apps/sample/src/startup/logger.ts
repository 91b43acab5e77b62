import type { LoggerService } from '@nestjs/common';
import { silentLogger, ThrottledLogger, type LogFields, type Logger } from '@oubliette/kafka';
import type { Clock } from '@oubliette/runtime';

/** Nest reports from these what stopped the start; that is said once, by who started. */
const startFailures: ReadonlySet<unknown> = new Set(['ExceptionHandler', 'NestApplication']);

/**
 * One line a warning or error, Nest's and the libs'; `info` and `debug` are for whoever looks into a library, not for a
 * newcomer. What repeats itself is throttled.
 */
export class SampleLogger implements LoggerService {
  /** For what lies below Nest: message and fields. */
  readonly lines: Logger;

  constructor(clock: Clock, write: (line: string) => void) {
    const line = (level: string) => (message: string, fields: LogFields) => {
      const facts = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
      write([`${level}: ${message}`, ...facts].join(' '));
    };
    const lines = { ...silentLogger, warn: line('warning'), error: line('error') };
    this.lines = ThrottledLogger.of(lines, clock);
  }

  // Nest's own word for information: routes and modules at start.
  log(): void {}
  debug(): void {}
  verbose(): void {}

  warn(message: unknown): void {
    this.lines.warn(String(message));
  }

  /** Nest gives a stack and the name of a class: the stack is left out, it may quote anything. */
  error(message: unknown, ...rest: unknown[]): void {
    if (!startFailures.has(rest.at(-1))) this.lines.error(String(message));
  }
}
