import { closeSync, openSync, readSync } from 'node:fs';

const tickMs = 1;

/**
 * Tells of every gap between two ticks of a timer in this process: `{ from, to, gapMs, ranMs, waitedMs, faults }`, `from` and `to` in ms
 * on the monotonic clock that all processes of the machine share. `ranMs` is what the thread ran meanwhile, `waitedMs` what it was ready
 * to run and no core was free (schedstat, proc(5)), `faults` the page faults that read the disk.
 */
export class GapWatch {
  #schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  #buffer = Buffer.alloc(64);
  #last = this.#read();
  #timer = setTimeout(() => this.#tick(), tickMs);
  #hear;

  constructor(hear) {
    this.#hear = hear;
  }

  stop() {
    clearTimeout(this.#timer);
    closeSync(this.#schedstat);
  }

  #read() {
    const length = readSync(this.#schedstat, this.#buffer, 0, this.#buffer.length, 0);
    const [ranNs, waitedNs] = this.#buffer.toString('latin1', 0, length).split(' ').map(Number);
    const { majorPageFault } = process.resourceUsage();
    return { at: sharedNow(), ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6, majorPageFault };
  }

  #tick() {
    const [last, now] = [this.#last, this.#read()];
    this.#last = now;
    this.#hear({
      from: last.at + tickMs,
      to: now.at,
      gapMs: now.at - last.at - tickMs,
      ranMs: now.ranMs - last.ranMs,
      waitedMs: now.waitedMs - last.waitedMs,
      faults: now.majorPageFault - last.majorPageFault,
    });
    this.#timer = setTimeout(() => this.#tick(), tickMs);
  }
}

/** ms on the clock that all processes of the machine share. */
export function sharedNow() {
  return Number(process.hrtime.bigint()) / 1e6;
}
