import type { Clock } from '@oubliette/runtime';

/** What both clocks showed at one moment, in ms. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/** Looks closer together than this share one step: rounding of the clocks would add up over many. */
const STEP_MS = 1_000;

/**
 * The time since a start by whichever clock says more, step by step: the monotonic clock stands still while a laptop sleeps,
 * the wall clock may be set back. Both at once are seen as long as somebody looks in between. It never goes back, and
 * counts a few thousandths too much at most.
 */
export class LongestTime {
  #from: Moment;
  /** Up to `#from`. */
  #before = 0;
  #highest = 0;

  constructor(start: Moment) {
    this.#from = start;
  }

  /** ms from the start to `now`. */
  passed(now: Moment): number {
    const wall = now.wall - this.#from.wall;
    const step = Math.max(wall, now.monotonic - this.#from.monotonic, 0);
    this.#highest = Math.max(this.#highest, this.#before + step);
    if (step >= STEP_MS || wall <= -STEP_MS) {
      this.#before = this.#highest;
      this.#from = now;
    }
    return this.#highest;
  }

  restart(at: Moment): void {
    this.#from = at;
    this.#before = 0;
    this.#highest = 0;
  }
}
