import type { Clock } from '@oubliette/runtime';
import { TimeSlice } from './time-slice.js';

/** What a long check waits for: bytes that another thread packs or unpacks, or null where others may run in between. */
export type Wait = (() => Promise<Uint8Array>) | null;
/** Work in pieces; the bytes that were waited for come back as the value of `yield`. */
export type Steps<T> = Generator<Wait, T, Uint8Array>;

/** Each may hold several times what a batch may unpack to. */
const atATime = 2;
const nothing = new Uint8Array(0);

/** Runs the checks of large appends beside everything else: a few at a time, resting after each slice. */
export class LargeAppends {
  #running = 0;
  /** At most one for each append under way. */
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  /** Does the work at once where it waits for nothing; else resolves to its result. Throws or rejects with what it throws. */
  run<T>(work: Steps<T>): T | Promise<T> {
    const step = work.next(nothing);
    return step.done === true ? step.value : this.#finish(work, step.value);
  }

  async #finish<T>(work: Steps<T>, first: Wait): Promise<T> {
    if (this.#running >= atATime) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await this.#goOn(work, first);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #goOn<T>(work: Steps<T>, first: Wait): Promise<T> {
    const slice = new TimeSlice(this.clock);
    for (let wait = first; ;) {
      let step: IteratorResult<Wait, T>;
      try {
        const bytes = wait === null ? nothing : await wait();
        await slice.rest();
        step = work.next(bytes);
      } catch (error) {
        step = work.throw(error);
      }
      if (step.done === true) return step.value;
      wait = step.value;
    }
  }
}
