import type { Clock } from '@oubliette/runtime';

/**
 * The time by which keys grow old: the log's append time, carried on by the monotonic clock between records, so that a wall clock that
 * was set back gives no key a longer life; or the wall clock, where that is further (a machine that slept).
 */
export class LogTime {
  #stamp = 0;
  #seenAt = 0;

  constructor(private readonly clock: Clock) {}

  /** A record with this append time (ms since the Unix epoch) was read. */
  saw(timestamp: number): void {
    const monotonic = this.clock.monotonic();
    if (timestamp <= this.#stamp + (monotonic - this.#seenAt)) return;
    this.#stamp = timestamp;
    this.#seenAt = monotonic;
  }

  /** By whichever clock says more: what may not be read any more. ms since the Unix epoch. */
  now(): number {
    return Math.max(this.clock.now(), this.byLog());
  }

  /** By the log alone: what may be done for good, since a wall clock may be set ahead. It lags where nothing was appended. */
  byLog(): number {
    return this.#stamp + (this.clock.monotonic() - this.#seenAt);
  }
}
