import type { Clock } from '@oubliette/runtime';

/** Of one turn of the event loop requests get so long, ms. */
const shareMs = 5;

/**
 * Shares out the turns of the event loop: when many clients have sent at once, those whose share of this turn is over are served in
 * the next ones, in their order, so that timers, signals and everybody else come in between.
 */
export class Turns {
  /** Monotonic ms; null while no turn has begun. */
  #endsAt: number | null = null;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  /**
   * Runs the work, which must not throw: at once, then true, or in one of the next turns. Who has to wait asks for nothing more until
   * then, or the waiting would have no bound.
   */
  run(work: () => void): boolean {
    const endsAt = this.#endsAt ?? this.#begin();
    if (this.#waiting.length > 0 || this.clock.monotonic() >= endsAt) {
      this.#waiting.push(work);
      return false;
    }
    work();
    return true;
  }

  #begin(): number {
    setImmediate(() => {
      this.#endsAt = null;
      if (this.#waiting.length > 0) void this.#serveWaiting(this.#begin());
    });
    this.#endsAt = this.clock.monotonic() + shareMs;
    return this.#endsAt;
  }

  async #serveWaiting(endsAt: number): Promise<void> {
    let served = 0;
    for (const work of this.#waiting) {
      if (this.clock.monotonic() >= endsAt) break;
      served++;
      work();
      // What the work goes on with counts too.
      await Promise.resolve();
    }
    this.#waiting.splice(0, served);
  }
}
