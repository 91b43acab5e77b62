import type { UserRef } from '@oubliette/keyring';
import { checkEntry, type LoggedEntry, type PrivacyLog, type PrivacyLogEntry } from '../log/privacy-log.js';

/** The log in memory, for tests. Every call yields once, as a database would. */
export class InMemoryPrivacyLog implements PrivacyLog {
  readonly #entries: LoggedEntry[] = [];
  #outage: Error | null = null;

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  async append(entry: PrivacyLogEntry): Promise<LoggedEntry> {
    await this.#turn();
    const logged = { ...checkEntry(entry), id: this.#entries.length + 1 };
    this.#entries.push(logged);
    return { ...logged };
  }

  async list(limit: number, before = Infinity): Promise<LoggedEntry[]> {
    await this.#turn();
    return this.#newestFirst(({ id }) => id < before, limit);
  }

  async ofUser(userRef: UserRef, limit: number, before = Infinity): Promise<LoggedEntry[]> {
    await this.#turn();
    return this.#newestFirst((entry) => entry.userRef === userRef && entry.id < before, limit);
  }

  async heldAmong(userRefs: readonly UserRef[]): Promise<ReadonlyMap<UserRef, LoggedEntry>> {
    await this.#turn();
    const wanted = new Set(userRefs);
    const held = new Map<UserRef, LoggedEntry>();
    for (const entry of this.#entries) {
      if (entry.kind === 'held' && wanted.has(entry.userRef)) held.set(entry.userRef, { ...entry });
      if (entry.kind === 'hold-lifted') held.delete(entry.userRef);
    }
    return held;
  }

  async standingRestrictions(limit: number, after = 0): Promise<LoggedEntry[]> {
    await this.#turn();
    const last = new Map<UserRef, LoggedEntry>();
    for (const entry of this.#entries) {
      if (entry.kind === 'restricted' || entry.kind === 'restriction-lifted') last.set(entry.userRef, entry);
    }
    const standing = [...last.values()].filter(({ kind, id }) => kind === 'restricted' && id > after);
    return standing
      .sort((a, b) => a.id - b.id)
      .slice(0, limit)
      .map((entry) => ({ ...entry }));
  }

  #newestFirst(isWanted: (entry: LoggedEntry) => boolean, limit: number): LoggedEntry[] {
    const wanted = this.#entries.filter(isWanted).reverse().slice(0, limit);
    return wanted.map((entry) => ({ ...entry }));
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#outage) throw this.#outage;
  }
}
