import type { Clock, Timer } from '@oubliette/runtime';

/** Runs a task again and again, `intervalMs` after it ended; never twice at a time. */
export class Periodic {
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly intervalMs: number,
    private readonly task: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#arm();
  }

  /** Resolves when a run under way has ended; none follows. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.clock.schedule(this.intervalMs, () => {
      this.#running = this.task()
        .catch((error: unknown) => this.onError(error))
        .finally(() => this.#arm());
    });
  }
}
