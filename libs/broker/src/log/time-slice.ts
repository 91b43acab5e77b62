import { sleep, type Clock } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';

/** Long work lets others run after so long, ms: far below what a client or a signal would notice. */
const sliceMs = 4;

/** Keeps long work from blocking the event loop, and ends it when the process is told to stop. */
export class TimeSlice {
  #startedMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#startedMs = clock.monotonic();
  }

  /** To be called between two pieces of work. Throws BrokerError STOPPED when the broker was told to stop. */
  async rest(): Promise<void> {
    this.assertWanted();
    if (this.clock.monotonic() - this.#startedMs < sliceMs) return;
    await sleep(this.clock, 0);
    this.#startedMs = this.clock.monotonic();
    this.assertWanted();
  }

  /** Throws BrokerError STOPPED when the broker was told to stop. */
  assertWanted(): void {
    if (this.signal?.aborted === true) {
      throw new BrokerError('STOPPED', 'The broker was told to stop before it was ready.');
    }
  }
}
