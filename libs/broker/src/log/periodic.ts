import type { Clock, Timer } from '@oubliette/runtime';

export interface Rhythm {
  /** ms between two runs, counted from the end of one to the start of the next or, at a fixed rate, from start to start. */
  readonly everyMs: number;
  /** ms to the first run; default `everyMs`. */
  readonly firstAfterMs?: number;
  readonly fixedRate?: boolean;
}

/** Runs a task again and again; never twice at a time: a run that took longer than its interval is followed by the next at once. */
export class Periodic {
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly rhythm: Rhythm,
    private readonly task: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#arm(rhythm.firstAfterMs ?? rhythm.everyMs);
  }

  /** Resolves when a run under way has ended; none follows. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #arm(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.clock.schedule(afterMs, () => {
      const started = this.clock.monotonic();
      this.#running = this.task()
        .catch((error: unknown) => this.onError(error))
        .finally(() => {
          const { everyMs, fixedRate } = this.rhythm;
          const elapsed = fixedRate === true ? this.clock.monotonic() - started : 0;
          this.#arm(Math.max(0, everyMs - elapsed));
        });
    });
  }
}
