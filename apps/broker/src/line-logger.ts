import type { LogFields, Logger } from '@oubliette/broker';

/** Where lines go; a process's stdout or stderr. */
export interface LineSink {
  write(text: string): unknown;
}

/** One line an event: `warn  what happened key=value …`. */
export function lineLogger(sink: LineSink): Logger {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
      sink.write(`${level.padEnd(5)} ${message}${facts.join('')}\n`);
    };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}
