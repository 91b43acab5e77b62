import { sleep, type Clock } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';

/** Long work lets others run after so long, ms: far below what a client or a signal would notice. */
const sliceMs = 5;

/** Changes that are asked for in one piece of work, to be stored together. */
const togetherMost = 200;

/**
 * Keeps one piece of long work, a request's or the broker's own, from blocking the event loop. All that rest at once go on one in each
 * turn, in the order in which they rested (SystemClock): however many they are, everybody else waits for one slice.
 */
export class TimeSlice {
  /** Monotonic ms. */
  #endsAt: number;

  /** The first slice begins now. `signal`: tells the process to stop. */
  constructor(
    private readonly clock: Clock,
    private readonly signal?: AbortSignal,
  ) {
    this.#endsAt = this.#nextEnd();
  }

  /**
   * To be called between two pieces of work: null while the slice lasts, else what resolves at the beginning of the next one. Throws,
   * or rejects with, BrokerError STOPPED when the broker was told to stop.
   */
  rest(): Promise<void> | null {
    this.assertWanted();
    return this.clock.monotonic() < this.#endsAt ? null : this.#rest();
  }

  async #rest(): Promise<void> {
    await sleep(this.clock, 0);
    this.#endsAt = this.#nextEnd();
    this.assertWanted();
  }

  #nextEnd(): number {
    return this.clock.monotonic() + sliceMs;
  }

  /** Throws BrokerError STOPPED when the broker was told to stop. */
  assertWanted(): void {
    if (this.signal?.aborted === true) {
      throw new BrokerError('STOPPED', 'The broker was told to stop before it was ready.');
    }
  }

  /** What `make` makes of each, in their order. Rejects with what it throws. */
  async map<T, R>(items: Iterable<T>, make: (item: T) => R | Promise<R>): Promise<R[]> {
    const results: R[] = [];
    for (const item of items) {
      const rest = this.rest();
      if (rest !== null) await rest;
      const result = make(item);
      results.push(result instanceof Promise ? await result : result);
    }
    return results;
  }

  /** The same for what waits for the disk: so many are begun before the first is waited for, so that they are stored together. */
  async mapTogether<T, R>(items: readonly T[], make: (item: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    for (let at = 0; at < items.length; at += togetherMost) {
      const rest = this.rest();
      if (rest !== null) await rest;
      results.push(...(await Promise.all(items.slice(at, at + togetherMost).map(make))));
    }
    return results;
  }

  /** Does the steps; resolves to what they return, rejects with what they throw. */
  async run<T>(steps: Generator<void, T, undefined>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      const rest = this.rest();
      if (rest !== null) await rest;
    }
  }
}
