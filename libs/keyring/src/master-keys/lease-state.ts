import { LongestTime, type Moment } from './longest-time.js';

/** Whether a secret that the master key gave may still be used: for `outageMs` after it was confirmed last, by either clock. */
export class LeaseState {
  readonly #outageMs: number;
  #confirmedAt: Moment;
  readonly #since: LongestTime;

  /** `at`: when the master key was asked successfully. */
  constructor(outageMs: number, at: Moment) {
    this.#outageMs = outageMs;
    this.#confirmedAt = at;
    this.#since = new LongestTime(at);
  }

  isHeld(now: Moment): boolean {
    return this.remainingMs(now) > 0;
  }

  /** Until it is lost, without another confirmation; 0 when it is. */
  remainingMs(now: Moment): number {
    return Math.max(0, this.#outageMs - this.#since.passed(now));
  }

  /** The master key answered a question that was asked at `askedAt`; what was asked before the last such moment says nothing new. */
  confirm(askedAt: Moment): void {
    if (askedAt.monotonic < this.#confirmedAt.monotonic) return;
    this.#confirmedAt = askedAt;
    this.#since.restart(askedAt);
  }
}
