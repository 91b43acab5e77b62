import type { AnswerAccount } from '../server/answer-budget.js';
import type { DelayedQueue } from '../server/delayed-queue.js';

/** What one fetch may read of the budget that all answers share. */
export class FetchShare {
  /** Taken for the next pass while it waited. */
  #reserved = 0;
  #isShort = false;
  #isLastTry = false;

  constructor(private readonly account: AnswerAccount) {}

  /** Whether the last pass read less than it would have with more budget. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Whether there was no budget, and the time to wait for it is over. */
  get isLastTry(): boolean {
    return this.#isLastTry;
  }

  /** A pass over the partitions begins. */
  begin(): void {
    this.#isShort = false;
  }

  /** What a pass read is not answered. */
  giveBack(bytes: number): void {
    this.account.adjust(-bytes);
  }

  /** Takes up to so many bytes (at least for one) to read; null when nothing may be read, not even one batch. */
  take(limit: number, minOneBatch: boolean): number | null {
    const wanted = Math.max(1, limit);
    const fromReserve = Math.min(wanted, this.#reserved);
    this.#reserved -= fromReserve;
    const taken = fromReserve > 0 ? fromReserve : this.account.take(wanted);
    if (taken > 0) return taken;
    this.#isShort = true;
    return minOneBatch && this.#isLastTry && this.account.mayOverdraw() ? 0 : null;
  }

  /** So many bytes were read for those that were taken. */
  settle(takenBytes: number, readBytes: number, limit: number): void {
    if (takenBytes < limit && readBytes >= takenBytes) this.#isShort = true;
    this.account.adjust(readBytes - takenBytes);
  }

  /** The pass is over. */
  end(): void {
    this.account.adjust(-this.#reserved);
    this.#reserved = 0;
  }

  /** Waits for its turn; when the time is over, or the client gone, the next pass reads one batch without. */
  async wait(
    wantedBytes: number,
    maxWaitMs: number,
    delayed: DelayedQueue,
    gone: AbortSignal,
  ): Promise<void> {
    if (maxWaitMs > 0 && !gone.aborted) {
      await delayed.wait(maxWaitMs, (wake) => {
        const undo = this.account.takeLater(wantedBytes, (bytes) => {
          this.#reserved = bytes;
          wake();
        });
        gone.addEventListener('abort', wake);
        return () => {
          gone.removeEventListener('abort', wake);
          undo();
        };
      });
    }
    this.#isLastTry = this.#reserved === 0;
  }
}
