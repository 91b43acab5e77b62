import type { Clock, Timer } from './clock.js';

export interface Rhythm {
  /**
   * ms between two runs, counted from the end of one to the start of the next or, at a fixed rate, from start to start; a function
   * where it changes.
   */
  readonly everyMs: number | (() => number);
  /** ms to the first run; default `everyMs`. */
  readonly firstAfterMs?: number;
  readonly fixedRate?: boolean;
}

/** Runs a task again and again; never twice at a time: a run that took longer than its interval is followed by the next at once. */
export class Periodic {
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #hurries = false;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly rhythm: Rhythm,
    private readonly task: () => Promise<void>,
    /** Takes what a run rejects with; left out where none does. */
    private readonly onError?: (error: unknown) => void,
  ) {
    this.#arm(rhythm.firstAfterMs ?? this.#everyMs);
  }

  /** Resolves when a run under way has ended; none follows. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Does not wait for the next run any longer; one that is under way is followed by another at once. */
  hurry(): void {
    if (this.#isRunning) {
      this.#hurries = true;
      return;
    }
    this.#timer?.cancel();
    this.#arm(0);
  }

  get #everyMs(): number {
    const { everyMs } = this.rhythm;
    return typeof everyMs === 'number' ? everyMs : everyMs();
  }

  #arm(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.clock.schedule(afterMs, () => {
      this.#isRunning = true;
      const started = this.clock.monotonic();
      const run = this.onError === undefined ? this.task() : this.task().catch(this.onError);
      this.#running = run.finally(() => {
        const elapsed = this.rhythm.fixedRate === true ? this.clock.monotonic() - started : 0;
        const afterMs = this.#hurries ? 0 : Math.max(0, this.#everyMs - elapsed);
        this.#isRunning = this.#hurries = false;
        this.#arm(afterMs);
      });
    });
  }
}
