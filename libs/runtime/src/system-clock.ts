import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from './clock.js';

/** The longest delay that Node's timers take; beyond it they fire at once. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * The machine's clock. A pending timer keeps the process alive until it ran or is cancelled. A task without delay runs once the event
 * loop has come round: long work that rests between its pieces loses no time by it, as it would by a timer's millisecond.
 */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  schedule(delayMs: number, task: () => void): Timer {
    if (delayMs <= 0) {
      const immediate = setImmediate(task);
      return { cancel: () => clearImmediate(immediate) };
    }
    const due = this.monotonic() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = (remaining: number): void => {
      handle = setTimeout(
        () => {
          // Node rounds: a timer may fire up to a millisecond early by the monotonic clock.
          const left = due - this.monotonic();
          if (left > 0) arm(Math.ceil(left));
          else task();
        },
        Math.min(remaining, longestTimeoutMs),
      );
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  }
}
