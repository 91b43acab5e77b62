import type { Clock, Timer } from '@oubliette/runtime';

/** Deadlines are rounded up to this many ms, so that waiting clients share timers. */
const tickMs = 5;

interface Waiter {
  readonly tick: number;
  readonly wake: () => void;
}

/** Many waiting requests, one timer: the one for the earliest deadline. */
export class DelayedQueue {
  readonly #clock: Clock;
  readonly #byTick = new Map<number, Set<Waiter>>();
  #timer: { readonly tick: number; readonly timer: Timer } | null = null;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves after `delayMs`, or earlier when `subscribe`'s callback is called. `subscribe` returns its undoing.
   */
  wait(delayMs: number, subscribe: (wake: () => void) => () => void): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      let unsubscribe: (() => void) | null = null;
      let done = false;
      const tick = Math.ceil((this.#clock.monotonic() + delayMs) / tickMs);
      const waiter: Waiter = {
        tick,
        wake: () => {
          if (done) return;
          done = true;
          unsubscribe?.();
          this.#remove(waiter);
          resolve();
        },
      };
      const others = this.#byTick.get(tick);
      if (others === undefined) this.#byTick.set(tick, new Set([waiter]));
      else others.add(waiter);
      unsubscribe = subscribe(waiter.wake);
      if (done) unsubscribe();
      else this.#arm(tick);
    });
  }

  /** Wakes everybody; whoever waits from now on does not. */
  close(): void {
    this.#closed = true;
    for (const waiters of [...this.#byTick.values()]) for (const waiter of [...waiters]) waiter.wake();
    this.#timer?.timer.cancel();
    this.#timer = null;
  }

  #remove(waiter: Waiter): void {
    const others = this.#byTick.get(waiter.tick);
    others?.delete(waiter);
    if (others?.size === 0) this.#byTick.delete(waiter.tick);
  }

  #arm(tick: number): void {
    if (this.#timer !== null && this.#timer.tick <= tick) return;
    this.#timer?.timer.cancel();
    const delayMs = Math.max(0, tick * tickMs - this.#clock.monotonic());
    this.#timer = { tick, timer: this.#clock.schedule(delayMs, () => this.#expire()) };
  }

  #expire(): void {
    this.#timer = null;
    const now = this.#clock.monotonic() / tickMs;
    let next = Infinity;
    for (const [tick, waiters] of [...this.#byTick]) {
      if (tick <= now) for (const waiter of [...waiters]) waiter.wake();
      else next = Math.min(next, tick);
    }
    if (next !== Infinity) this.#arm(next);
  }
}
