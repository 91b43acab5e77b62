import type { UserRef } from '@oubliette/keyring';
import type { LookupKey, LookupPage, LookupPlace, LookupRow, LookupStore } from '../lookups/lookup-store.js';

/** What a transaction wrote so far, over what stood before. */
export interface MemoryLookupTransaction {
  readonly rows: Map<string, LookupRow>;
}

/** Look-ups in memory, for tests: one transaction after the other, as in the embedded database. */
export class InMemoryLookupStore implements LookupStore<MemoryLookupTransaction> {
  #rows = new Map<string, LookupRow>();
  #tail: Promise<unknown> = Promise.resolve();
  #outage: Error | null = null;

  /** Every later transaction and query fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  /** Everything that is committed. */
  all(): readonly LookupRow[] {
    const placed = [...this.#rows.values()].map((row) => ({ row, place: placeOf(row) }));
    return placed.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ row }) => row);
  }

  transaction<T>(work: (tx: MemoryLookupTransaction) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      await this.#turn();
      const rows = new Map(this.#rows);
      const result = await work({ rows });
      this.#rows = rows;
      return result;
    });
    // The next in line does not care how this one ended; its caller does.
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  lockUsers(): Promise<void> {
    return this.#turn();
  }

  async ofUsers({ rows }: MemoryLookupTransaction, userRefs: readonly UserRef[]): Promise<LookupRow[]> {
    await this.#turn();
    const wanted = new Set(userRefs);
    return [...rows.values()].filter(({ userRef }) => wanted.has(userRef));
  }

  async put({ rows }: MemoryLookupTransaction, added: readonly LookupRow[]): Promise<void> {
    await this.#turn();
    for (const row of added) rows.set(keyOf(row), { ...row, sealed: row.sealed.slice() });
  }

  async remove({ rows }: MemoryLookupTransaction, keys: readonly LookupKey[]): Promise<void> {
    await this.#turn();
    for (const key of keys) rows.delete(keyOf(key));
  }

  async find(index: string, hashes: readonly string[], limit: number): Promise<LookupRow[]> {
    await this.#turn();
    return this.all()
      .filter((row) => row.index === index && hashes.includes(row.hash))
      .slice(0, limit);
  }

  async hasOthers(pepperIds: readonly string[]): Promise<boolean> {
    await this.#turn();
    return this.all().some(({ pepperId }) => !pepperIds.includes(pepperId));
  }

  async page({ limit, after, exceptPepper }: LookupPage): Promise<LookupRow[]> {
    await this.#turn();
    const end = after === undefined ? null : placeOf(after);
    return this.all()
      .filter((row) => row.pepperId !== exceptPepper && (end === null || placeOf(row) > end))
      .slice(0, limit);
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#outage) throw this.#outage;
  }
}

function keyOf({ index, hash, userRef }: LookupKey): string {
  return `${index} ${hash} ${userRef}`;
}

function placeOf({ pepperId, index, hash, userRef }: LookupPlace): string {
  return [pepperId, index, hash, userRef].join(' ');
}
