import type { Clock } from '@oubliette/runtime';
import { deploymentPartition } from './deployment.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { LogTime } from './log-time.js';
import { nudgeRecord } from './record-keys.js';

/** A wall clock that is ahead makes no more than a nudge in so long, ms. */
const askEveryMs = 60_000;

/**
 * The log's own time, for what cannot be taken back. Where the wall clock alone says that something is due, the log is asked by an
 * append: the machine may have slept, or its clock may have been set ahead.
 */
export class ConfirmedTime {
  #askedAt = -Infinity;

  constructor(
    private readonly time: LogTime,
    private readonly clock: Clock,
    private readonly writer: KeyLogWriter,
  ) {}

  /** ms since the Unix epoch; `isDue` tells whether anything is at a time. Rejects with `KEYRING_UNAVAILABLE`. */
  async now(isDue: (now: number) => boolean): Promise<number> {
    const isAskedSince = this.clock.monotonic() - this.#askedAt < askEveryMs;
    if (!isAskedSince && isDue(this.time.now()) && !isDue(this.time.byLog())) {
      await this.writer.appendAndRead(deploymentPartition, [nudgeRecord()]);
      this.#askedAt = this.clock.monotonic();
    }
    return this.time.byLog();
  }
}
