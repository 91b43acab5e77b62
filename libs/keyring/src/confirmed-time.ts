import type { Clock } from '@oubliette/runtime';
import { deploymentPartition } from './deployment.js';
import { KeyringError } from './errors.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { LogTime } from './log-time.js';
import { nudgeRecord } from './record-keys.js';

/** A wall clock that is ahead makes no more than a nudge in so long, ms. */
const askEveryMs = 60_000;
/** Who only reads may not be allowed to append, and tries no more often than this, ms. */
const retryEveryMs = 5_000;

/** Tells whether anything is due at a time, ms since the Unix epoch. */
export type IsDue = (now: number) => boolean;

/**
 * The log's own time, for what cannot be taken back. Where the wall clock alone says that something is due, the log is asked by an
 * append: the machine may have slept, or its clock may have been set ahead. Every process that follows the log reads the answer.
 */
export class ConfirmedTime {
  #askedAt = -Infinity;
  #failedAt = -Infinity;
  /** Shared by who asks at the same time. */
  #asking: Promise<void> | null = null;

  constructor(
    private readonly time: LogTime,
    private readonly clock: Clock,
    private readonly writer: KeyLogWriter,
  ) {}

  /** ms since the Unix epoch. Rejects with `KEYRING_UNAVAILABLE`. */
  async now(isDue: IsDue): Promise<number> {
    if (this.#isUnsure(isDue)) await this.#ask();
    return this.time.byLog();
  }

  /** Asks for who only reads: without an answer things stay as they are, and what is opened says so (`end-unconfirmed`). */
  async seek(isDue: IsDue): Promise<void> {
    if (this.clock.monotonic() - this.#failedAt < retryEveryMs || !this.#isUnsure(isDue)) return;
    try {
      await this.#ask();
    } catch (error) {
      if (!(error instanceof KeyringError) || !error.retriable) throw error;
    }
  }

  #isUnsure(isDue: IsDue): boolean {
    const isAskedSince = this.clock.monotonic() - this.#askedAt < askEveryMs;
    return !isAskedSince && isDue(this.time.now()) && !isDue(this.time.byLog());
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#append().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #append(): Promise<void> {
    try {
      await this.writer.appendAndRead(deploymentPartition, [nudgeRecord()]);
      this.#askedAt = this.clock.monotonic();
    } catch (error) {
      this.#failedAt = this.clock.monotonic();
      throw error;
    }
  }
}
