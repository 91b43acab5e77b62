import { closeSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

const tickMs = 1;
/** How many of the worst gaps are kept, and how many of the latest things that may have made one. */
const keptGaps = 5;
const keptCauses = 200;
/** Collections are told of some time after they happened, ms. */
const lateMs = 50;

/**
 * How long this process's event loop was blocked: the gaps between the ticks of a timer. Of each gap the time is taken off in which the
 * thread was ready to run and no core was free for it (the second field of schedstat, proc(5)): that is the machine's, not the broker's.
 * What is left is what the thread ran, collections included, or slept in a call that blocks.
 */
export class BlockWatch {
  #schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  #buffer = Buffer.alloc(64);
  #causes = [];
  #worst = [];
  #longestGapMs = 0;
  #last = this.#read();
  #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration, detail } of list.getEntries()) {
      this.#note(`gc ${detail.kind}`, startTime, duration);
    }
  });
  #timer = setTimeout(() => this.#tick(), tickMs);

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** The longest block since the last call, the longest gap with the waiting for a core in it, both in ms, and the worst in words. */
  take() {
    const worst = this.#worst.splice(0);
    const longestGapMs = this.#longestGapMs;
    this.#longestGapMs = 0;
    return { longestBlockMs: worst[0]?.ms ?? 0, longestGapMs, blocked: worst.map(told) };
  }

  /** Calls a function and takes its time. */
  time(what, call) {
    const began = performance.now();
    try {
      return call();
    } finally {
      this.#note(what, began, performance.now() - began);
    }
  }

  stop() {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    closeSync(this.#schedstat);
  }

  #note(what, from, ms) {
    if (ms < tickMs) return;
    this.#causes.push({ what, from, ms });
    if (this.#causes.length > keptCauses) this.#causes.shift();
  }

  #read() {
    const length = readSync(this.#schedstat, this.#buffer, 0, this.#buffer.length, 0);
    const [ranNs, waitedNs] = this.#buffer.toString('latin1', 0, length).split(' ').map(Number);
    const { majorPageFault } = process.resourceUsage();
    return { at: performance.now(), ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6, majorPageFault };
  }

  #tick() {
    const [last, now] = [this.#last, this.#read()];
    this.#last = now;
    const gapMs = now.at - last.at - tickMs;
    const ms = gapMs - (now.waitedMs - last.waitedMs);
    this.#longestGapMs = Math.max(this.#longestGapMs, gapMs);
    if (this.#worst.length < keptGaps || ms > this.#worst.at(-1).ms) {
      const faults = now.majorPageFault - last.majorPageFault;
      this.#keep({ ms, gapMs, ranMs: now.ranMs - last.ranMs, faults, from: last.at, to: now.at, causes: [] });
    }
    this.#timer = setTimeout(() => this.#tick(), tickMs);
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
