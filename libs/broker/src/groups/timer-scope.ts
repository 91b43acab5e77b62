import type { Clock, Timer } from '@oubliette/runtime';

/** A clock whose timers end together: after `close` none runs and none starts, so that nothing keeps the process alive. */
export class TimerScope implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  schedule(delayMs: number, task: () => void): Timer {
    if (this.#isClosed) return { cancel: () => undefined };
    const inner = this.#clock.schedule(delayMs, () => {
      this.#timers.delete(timer);
      task();
    });
    const timer: Timer = {
      cancel: () => {
        this.#timers.delete(timer);
        inner.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of [...this.#timers]) timer.cancel();
  }
}
