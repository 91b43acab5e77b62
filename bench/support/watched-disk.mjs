import { SystemDisk } from '@oubliette/runtime';
import { PerformanceObserver } from 'node:perf_hooks';

const kept = 10;

/** The longest of what blocks the event loop: every synchronous call of the disk, and the collector's pauses. */
export class Blockers {
  #longest = [];
  #observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries()) this.note(`gc ${detail.kind}`, duration);
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  note(what, ms) {
    const last = this.#longest.at(-1);
    if (this.#longest.length === kept && ms <= last.ms) return;
    this.#longest.push({ what, ms });
    this.#longest.sort((a, b) => b.ms - a.ms);
    this.#longest.length = Math.min(kept, this.#longest.length);
  }

  /** `{ what, ms }`, the longest first; forgets them. */
  take() {
    return this.#longest.splice(0);
  }

  /** Calls a function and takes its time. */
  time(what, call) {
    const began = performance.now();
    try {
      return call();
    } finally {
      this.note(what, performance.now() - began);
    }
  }
}

/** The machine's disk, each of its synchronous calls timed, those of its files too. */
export function watchedDisk(blockers) {
  return watched(new SystemDisk(), blockers, '');
}

function watched(target, blockers, owner) {
  const timed = new Map();
  const callOf = (name) => {
    if (!timed.has(name)) {
      timed.set(name, (...args) => {
        const path = owner || (typeof args[0] === 'string' ? args[0] : '');
        const result = blockers.time(`${name} ${shortened(path)}`, () => target[name](...args));
        return name === 'openSync' ? watched(result, blockers, args[0]) : result;
      });
    }
    return timed.get(name);
  };
  return new Proxy(target, {
    get: (_, name) => (typeof target[name] === 'function' ? callOf(name) : target[name]),
  });
}

function shortened(path) {
  return path.split('/').slice(-2).join('/');
}
