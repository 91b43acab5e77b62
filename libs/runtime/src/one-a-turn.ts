import type { Timer } from './clock.js';

/** Runs tasks in the order in which they were added, one in each turn of the event loop, the first one in the next. */
export class OneATurn {
  /** One for each piece of long work under way at most. */
  readonly #waiting = new Set<{ readonly run: () => void }>();
  #isScheduled = false;

  add(run: () => void): Timer {
    const task = { run };
    this.#waiting.add(task);
    this.#schedule();
    return { cancel: () => void this.#waiting.delete(task) };
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const [first] = this.#waiting;
      if (first === undefined) return;
      this.#waiting.delete(first);
      if (this.#waiting.size > 0) this.#schedule();
      first.run();
    });
  }
}
