import { sleep, type Clock } from '@oubliette/runtime';
import { TimeSlice } from '../time-slice.js';

/** Kafka's LogCleaner compares its rate that often, ms. */
const checkIntervalMs = 300;

/** Keeps the cleaner from blocking the event loop and from reading and writing more than it may (Kafka's Throttler). */
export class Pace {
  readonly #slice: TimeSlice;
  #periodStart: number;
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxBytesPerSecond: number,
  ) {
    this.#slice = new TimeSlice(clock);
    this.#periodStart = clock.monotonic();
  }

  /** To be called between two pieces of work: what is to be waited for, or null. */
  rest(): Promise<void> | null {
    return this.#slice.rest();
  }

  /** Takes account of bytes read or written; waits as long as they are ahead of the rate. */
  async moved(bytes: number): Promise<void> {
    this.#bytes += bytes;
    const elapsed = this.clock.monotonic() - this.#periodStart;
    if (elapsed >= checkIntervalMs || this.#bytes >= (this.maxBytesPerSecond * checkIntervalMs) / 1_000) {
      const ahead = (this.#bytes / this.maxBytesPerSecond) * 1_000 - elapsed;
      if (ahead >= 1) await sleep(this.clock, Math.round(ahead));
      this.#periodStart = this.clock.monotonic();
      this.#bytes = 0;
    }
    await this.rest();
  }
}
