import { sleep, type Clock } from '@oubliette/runtime';

/** Work of the cleaner ends after so long, ms, to let requests be served. */
const sliceMs = 4;
/** Kafka's LogCleaner compares its rate that often, ms. */
const checkIntervalMs = 300;

/** Keeps the cleaner from blocking the event loop and from reading and writing more than it may (Kafka's Throttler). */
export class Pace {
  #sliceStart: number;
  #periodStart: number;
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxBytesPerSecond: number,
  ) {
    this.#sliceStart = this.#periodStart = clock.monotonic();
  }

  /** Whether it is time to call `pause`. */
  get isDue(): boolean {
    return this.clock.monotonic() - this.#sliceStart >= sliceMs;
  }

  /** Lets others run. */
  async pause(): Promise<void> {
    await sleep(this.clock, 0);
    this.#sliceStart = this.clock.monotonic();
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
    if (this.isDue) await this.pause();
  }
}
