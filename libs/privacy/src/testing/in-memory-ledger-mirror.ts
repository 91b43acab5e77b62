import type { LedgerMirror } from '../mirror/ledger-mirror.js';
import type { Erasure } from '../ports.js';

/** The ledger's mirror in memory, for tests: every write in order, as a log that was not cleaned yet. */
export class InMemoryLedgerMirror implements LedgerMirror {
  written: Erasure[] = [];
  #outage: Error | null = null;

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  async write(erasures: readonly Erasure[]): Promise<void> {
    await this.#turn();
    this.written.push(...erasures);
  }

  async *read(): AsyncIterable<Erasure> {
    for (const erasure of this.written) {
      await this.#turn();
      yield erasure;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#outage) throw this.#outage;
  }
}
