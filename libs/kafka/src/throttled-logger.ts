import type { Clock } from '@oubliette/runtime';
import type { LogFields, Logger } from './logger.js';

const everyMs = 30_000;
const remembered = 200;

interface Said {
  readonly at: number;
  unsaid: number;
}

/**
 * Lets the same warning or error through once in 30 seconds, and says with the next one how often it was held back
 * (`heldBack`): a client that tries to reconnect has the same to say many times a second. Two lines are the same when
 * message, texts and partition are; other numbers count or measure. To be one line for a whole process, all of its clients
 * share one of these.
 */
export class ThrottledLogger implements Logger {
  readonly #said = new Map<string, Said>();

  private constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** The logger itself where it is throttled already. */
  static of(logger: Logger, clock: Clock): ThrottledLogger {
    return logger instanceof ThrottledLogger ? logger : new ThrottledLogger(logger, clock);
  }

  debug(message: string, fields?: LogFields): void {
    this.logger.debug(message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.logger.info(message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    const heldBack = this.#heldBack('warn', message, fields);
    if (heldBack !== null) this.logger.warn(message, { ...fields, ...heldBack });
  }

  error(message: string, fields: LogFields = {}): void {
    const heldBack = this.#heldBack('error', message, fields);
    if (heldBack !== null) this.logger.error(message, { ...fields, ...heldBack });
  }

  /** null: it was said a moment ago. */
  #heldBack(level: string, message: string, fields: LogFields): { heldBack?: number } | null {
    const line = JSON.stringify([level, message, identityOf(fields)]);
    const now = this.clock.monotonic();
    const before = this.#said.get(line);
    if (before !== undefined && now - before.at < everyMs) {
      before.unsaid += 1;
      return null;
    }
    // The one said longest ago stands first, and is the first to be forgotten.
    this.#said.delete(line);
    this.#said.set(line, { at: now, unsaid: 0 });
    if (this.#said.size > remembered) this.#forgetOldest();
    const unsaid = before?.unsaid ?? 0;
    return unsaid === 0 ? {} : { heldBack: unsaid };
  }

  #forgetOldest(): void {
    for (const oldest of this.#said.keys()) {
      this.#said.delete(oldest);
      return;
    }
  }
}

function identityOf(fields: LogFields): unknown[] {
  return Object.entries(fields).filter(([name, value]) => name === 'partition' || typeof value === 'string');
}
