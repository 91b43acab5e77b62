/** A pending one-shot timer. */
export interface Timer {
  /** Prevents the task from running; harmless once it has run. */
  cancel(): void;
}

/** The only source of time. Both clocks count milliseconds. */
export interface Clock {
  /** Wall-clock time in ms since the Unix epoch; may jump either way. */
  now(): number;
  /** Monotonic time in ms from an arbitrary origin; never goes back, stops while the machine sleeps. */
  monotonic(): number;
  /** Runs `task` once, `delayMs` of monotonic time from now. A throwing task is a bug of its owner. */
  schedule(delayMs: number, task: () => void): Timer;
}
