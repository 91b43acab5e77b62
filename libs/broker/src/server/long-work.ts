import type { Clock } from '@oubliette/runtime';

/** Of one turn of the event loop long work gets so long, ms. */
const sliceMs = 10;

/** Changes that are asked for in one piece of work, to be stored together. */
const togetherMost = 200;

/**
 * Requests that take long share the turns of the event loop: of all of them one goes on in each turn, for one slice of time, in the
 * order in which they rested. However many they are, everybody else waits for one slice.
 */
export class LongWork {
  /** One for each request under way at most. */
  readonly #resting: (() => void)[] = [];
  #isScheduled = false;

  constructor(readonly clock: Clock) {}

  /** The work of one request; its first slice begins now. */
  begin(): WorkSlice {
    return new WorkSlice(this);
  }

  /** Resolves in a turn that is the caller's. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#resting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#resting.shift()?.();
      if (this.#resting.length > 0) this.#schedule();
    });
  }
}

/** The slices of one request's work, one after the other. */
export class WorkSlice {
  /** Monotonic ms. */
  #endsAt: number;

  constructor(private readonly work: LongWork) {
    this.#endsAt = this.#nextEnd();
  }

  /** To be called between two pieces of work: null while the slice lasts, else what resolves at the beginning of the next one. */
  rest(): Promise<void> | null {
    return this.work.clock.monotonic() < this.#endsAt ? null : this.#rest();
  }

  async #rest(): Promise<void> {
    await this.work.rest();
    this.#endsAt = this.#nextEnd();
  }

  #nextEnd(): number {
    return this.work.clock.monotonic() + sliceMs;
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
