import { AsyncLocalStorage } from 'node:async_hooks';
import { PersistenceError } from './errors.js';

/**
 * Knows whether the code that runs stands inside a transaction of the embedded database. Asking the database there for
 * anything outside that transaction would wait for itself; it is told so at once instead.
 */
export class TransactionScope {
  readonly #inside = new AsyncLocalStorage<{ open: boolean; entered: boolean }>();

  /** Runs a whole transaction; `work` calls `entered` once it has begun. */
  async run<T>(work: (entered: () => void) => Promise<T>): Promise<T> {
    this.assertOutside();
    const state = { open: true, entered: false };
    try {
      return await this.#inside.run(state, () => work(() => (state.entered = true)));
    } finally {
      state.open = false;
    }
  }

  /** Throws `NESTED_TRANSACTION`. */
  assertOutside(): void {
    const state = this.#inside.getStore();
    if (state?.open !== true || !state.entered) return;
    throw new PersistenceError(
      'NESTED_TRANSACTION',
      'A query outside the open transaction was made inside it: use the manager that the transaction was given.',
    );
  }
}
