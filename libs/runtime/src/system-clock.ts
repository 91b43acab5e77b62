import { performance } from 'node:perf_hooks';
import { OneATurn } from './one-a-turn.js';
import type { Clock, Timer } from './clock.js';

/** The longest delay that Node's timers take; beyond it they fire at once. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * The machine's clock. A pending timer keeps the process alive until it ran or is cancelled. Tasks without delay run in the order in
 * which they were scheduled, each in a turn of the event loop of its own: long work that rests between its pieces loses no time by it,
 * as it would by a timer's millisecond, and nobody waits for all such work at once.
 */
export class SystemClock implements Clock {
  readonly #turns = new OneATurn();

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  schedule(delayMs: number, task: () => void): Timer {
    if (delayMs <= 0) {
      return this.#turns.add(task);
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
