import type { Clock, Timer } from '../clock.js';

interface Task {
  readonly due: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #sequence = 0;
  readonly #tasks = new Set<Task>();

  /** `wall` is the wall-clock time to start at, ms since the epoch. */
  constructor(wall = 1_700_000_000_000) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  schedule(delayMs: number, run: () => void): Timer {
    const task = { due: this.#monotonic + Math.max(0, delayMs), sequence: this.#sequence++, run };
    this.#tasks.add(task);
    return { cancel: () => void this.#tasks.delete(task) };
  }

  /** How many tasks wait; a closed component leaves none. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Moves the wall clock alone, as an administrator or NTP would. */
  setWall(ms: number): void {
    this.#wall = ms;
  }

  /** Moves both clocks by `ms` and runs what becomes due, in order, at its own time. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let task = this.#nextDue(end); task; task = this.#nextDue(end)) this.#run(task);
    this.#moveTo(end);
  }

  /** Like `advance`, and lets promise chains run after each task, so that what they schedule is seen. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let task = this.#nextDue(end); task; task = this.#nextDue(end)) {
      this.#run(task);
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  #run(task: Task): void {
    this.#tasks.delete(task);
    this.#moveTo(task.due);
    task.run();
  }

  #moveTo(monotonic: number): void {
    this.#wall += Math.max(0, monotonic - this.#monotonic);
    this.#monotonic = Math.max(monotonic, this.#monotonic);
  }

  #nextDue(end: number): Task | undefined {
    let next: Task | undefined;
    for (const task of this.#tasks) {
      if (task.due > end) continue;
      const earlier =
        !next || task.due < next.due || (task.due === next.due && task.sequence < next.sequence);
      if (earlier) next = task;
    }
    return next;
  }
}

/** More turns of the event loop than a chain of simulated input and output takes. */
const turns = 24;

/** Lets promise chains run on, also across a simulated disk, which takes no time on this clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
