import type { LoggerService } from '@nestjs/common';
import type { Clock } from '@oubliette/runtime';

type Fields = Readonly<Record<string, string | number | boolean | null>>;

const sameAgainMs = 10_000;
const remembered = 100;
/** Nest reports from these what stopped the start; that is said once, by who started. */
const startFailures: ReadonlySet<unknown> = new Set(['ExceptionHandler', 'NestApplication']);
/**
 * One line a message; `info` and `debug` are for whoever looks into a library, not for a newcomer. The same message is
 * not repeated within ten seconds: a client that tries to reconnect says so many times.
 */
export class SampleLogger implements LoggerService {
  readonly #writtenAt = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly write: (line: string) => void,
  ) {}

  // Nest's own word for information: routes and modules at start.
  log(): void {}
  debug(): void {}
  verbose(): void {}
  info(): void {}

  warn(message: unknown, ...rest: unknown[]): void {
    this.#line('warning', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    if (!startFailures.has(rest.at(-1))) this.#line('error', message, rest);
  }

  /** The libs give fields, Nest gives a stack and the name of a class: the stack is left out, it may quote anything. */
  #line(level: string, message: unknown, rest: readonly unknown[]): void {
    const text = `${level}: ${String(message)}`;
    const fields = rest.find((part): part is Fields => typeof part === 'object' && part !== null);
    // Counts move from one try to the next; a topic, a path or a code makes it another message.
    const names = Object.values(fields ?? {}).filter((value) => typeof value === 'string');
    if (this.#isRepetition([text, ...names].join(' '))) return;
    const facts = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${value}`);
    this.write([text, ...facts].join(' '));
  }

  #isRepetition(text: string): boolean {
    const now = this.clock.monotonic();
    const before = this.#writtenAt.get(text);
    if (before !== undefined && now - before < sameAgainMs) return true;
    this.#writtenAt.delete(text);
    this.#writtenAt.set(text, now);
    if (this.#writtenAt.size > remembered) this.#writtenAt.delete([...this.#writtenAt.keys()][0]!);
    return false;
  }
}
