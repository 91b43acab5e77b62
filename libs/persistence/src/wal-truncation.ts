import type { Clock, Timer } from '@oubliette/runtime';
import type { DataSource } from 'typeorm';

/**
 * Empties SQLite's write-ahead log at intervals: rows that were deleted or overwritten stand there in many copies until
 * it is truncated (SQLite documentation, "Write-Ahead Logging", section 2.1).
 */
export class WalTruncation {
  #timer: Timer | null = null;
  #underWay: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly intervalMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#timer = this.clock.schedule(this.intervalMs, () => {
      this.#underWay = this.truncate()
        .then(() => undefined, this.onError)
        .then(() => {
          if (!this.#closed) this.start();
        });
    });
  }

  /** False when a reader in another process stood in the way; the next turn tries again. */
  async truncate(): Promise<boolean> {
    const rows: readonly { busy: number }[] = await this.dataSource.query('PRAGMA wal_checkpoint(TRUNCATE)');
    return rows[0]?.busy === 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#underWay;
    await this.truncate();
  }
}
