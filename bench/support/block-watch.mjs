import { PerformanceObserver } from 'node:perf_hooks';
import { GapWatch, sharedNow } from './gap-watch.mjs';

/** How many of the worst gaps are kept, and how many of the latest things that may have made one. */
const keptGaps = 50;
const keptCauses = 200;
/** What takes less is not told among the causes, ms. */
const shortestCauseMs = 1;
/** Collections are told of some time after they happened, ms. */
const lateMs = 50;

/**
 * How long this process's event loop was blocked: the gaps between the ticks of a timer. Of each gap the time is taken off in which the
 * thread was ready to run and no core was free for it: that is the machine's, not the broker's. What is left is what the thread ran,
 * collections included, or slept in a call that blocks.
 */
export class BlockWatch {
  #causes = [];
  #worst = [];
  #longestGapMs = 0;
  #timeOrigin = sharedNow() - performance.now();
  #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration, detail } of list.getEntries()) {
      this.#note(`gc ${detail.kind}`, startTime + this.#timeOrigin, duration);
    }
  });
  #gaps = new GapWatch((gap) => this.#hear(gap));

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Since the last call: the longest gap, waits for a core included, in ms, and the worst blocks, `{ ms, from, to, told }`. */
  take() {
    const longestGapMs = this.#longestGapMs;
    this.#longestGapMs = 0;
    const blocks = this.#worst.splice(0).map((gap) => ({ ...gap, told: told(gap) }));
    return { longestGapMs, blocks };
  }

  /** Calls a function and takes its time. */
  time(what, call) {
    const began = sharedNow();
    try {
      return call();
    } finally {
      this.#note(what, began, sharedNow() - began);
    }
  }

  stop() {
    this.#gaps.stop();
    this.#observer.disconnect();
  }

  #note(what, from, ms) {
    if (ms < shortestCauseMs) return;
    this.#causes.push({ what, from, ms });
    if (this.#causes.length > keptCauses) this.#causes.shift();
  }

  #hear(gap) {
    this.#longestGapMs = Math.max(this.#longestGapMs, gap.gapMs);
    const ms = gap.gapMs - gap.waitedMs;
    if (this.#worst.length < keptGaps || ms > this.#worst.at(-1).ms) this.#keep({ ...gap, ms, causes: [] });
  }

  #keep(gap) {
    this.#worst.push(gap);
    this.#worst.sort((a, b) => b.ms - a.ms);
    this.#worst.length = Math.min(this.#worst.length, keptGaps);
    const within = ({ from, ms }) => from < gap.to && from + ms > gap.from;
    setTimeout(() => (gap.causes = this.#causes.filter(within)), lateMs).unref();
  }
}

function told({ ms, gapMs, ranMs, faults, causes }) {
  const listed = causes.map(({ what, ms: took }) => `${what} ${took.toFixed(1)}`).join(', ');
  const times = `${ms.toFixed(1)} ms (ran ${ranMs.toFixed(1)}, gap ${gapMs.toFixed(1)}, ${faults} page faults with disk reads)`;
  return listed === '' ? times : `${times}: ${listed}`;
}
