import type { LoggerService } from '@nestjs/common';

type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** One line a message on standard error; `info` and `debug` are for whoever looks into a library, not for a newcomer. */
export class SampleLogger implements LoggerService {
  constructor(private readonly write: (line: string) => void) {}

  // Nest's own word for information: routes and modules at start.
  log(): void {}
  debug(): void {}
  verbose(): void {}
  info(): void {}

  warn(message: unknown, ...rest: unknown[]): void {
    this.#line('warning', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    // What makes the start fail is said once, by who started.
    if (rest.at(-1) === 'ExceptionHandler') return;
    this.#line('error', message, rest);
  }

  /** The libs give fields, Nest gives a stack and the name of a class: the stack is left out, it may quote anything. */
  #line(level: string, message: unknown, rest: readonly unknown[]): void {
    const fields = rest.find((part): part is Fields => typeof part === 'object' && part !== null);
    const facts = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${value}`);
    this.write([`${level}:`, String(message), ...facts].join(' '));
  }
}
