import type { Entropy, Timer } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';

/** What is scheduled for later than this waits for its time: nobody awaits it. ms. */
const longestPause = 120_000;

/** A clock on which whoever waits need not: the time of a pause passes as soon as nobody has anything else to do. */
export class ImpatientClock extends ManualClock {
  #waiting = 0;

  /** Somebody waits for time to pass. */
  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  override schedule(delayMs: number, run: () => void): Timer {
    if (delayMs > longestPause) return super.schedule(delayMs, run);
    let isCancelled = false;
    this.#waiting++;
    setImmediate(() => {
      this.#waiting--;
      if (isCancelled) return;
      this.advance(delayMs);
      run();
    });
    return { cancel: () => void (isCancelled = true) };
  }
}

/** Bytes that never repeat, at the price of a counter: thousands of keyrings draw from it. */
export class CountedEntropy implements Entropy {
  #count = 0;

  fill(target: Uint8Array): void {
    const words = new Uint32Array(target.length >> 2);
    for (let index = 0; index < words.length; index++) words[index] = this.#count++;
    target.set(new Uint8Array(words.buffer));
  }
}
