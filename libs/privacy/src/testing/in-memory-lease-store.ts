import type { Clock } from '@oubliette/runtime';
import type { LeaseStore } from '../ports.js';

/** Leases in memory, for tests; the clock is the store's own. Every call yields once, as a database would. */
export class InMemoryLeaseStore implements LeaseStore {
  readonly #leases = new Map<string, { readonly holder: string; readonly until: number }>();
  #outage: Error | null = null;

  constructor(private readonly clock: Clock) {}

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<boolean> {
    await this.#turn();
    const now = this.clock.now();
    const lease = this.#leases.get(name);
    if (lease !== undefined && lease.holder !== holder && lease.until > now) return false;
    this.#leases.set(name, { holder, until: now + ttlMs });
    return true;
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#turn();
    if (this.#leases.get(name)?.holder === holder) this.#leases.delete(name);
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#outage) throw this.#outage;
  }
}
