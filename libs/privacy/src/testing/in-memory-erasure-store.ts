import type { UserRef } from '@oubliette/keyring';
import { unseenReplicas } from '../forgetting/unseen-replicas.js';
import type { Erasure, ErasurePlace, ErasureState, ErasureStore, LedgerEntry } from '../ports.js';

const order: readonly ErasureState[] = ['requested', 'held', 'forgotten', 'erased'];

/** The ledger in memory, for tests. Every call yields once, as a database would. */
export class InMemoryErasureStore implements ErasureStore {
  readonly #byId = new Map<string, Erasure>();
  /** The id of the erasure of a user and lifecycle. */
  readonly #ids = new Map<string, string>();
  readonly #entries: LedgerEntry[] = [];
  #outage: Error | null = null;

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  async open(erasure: Erasure): Promise<Erasure> {
    await this.#turn();
    return this.#open(erasure);
  }

  async openAll(erasures: readonly Erasure[]): Promise<Erasure[]> {
    await this.#turn();
    return erasures.map((erasure) => this.#open(erasure));
  }

  #open(erasure: Erasure): Erasure {
    const name = `${erasure.userRef}/${erasure.lifecycle}`;
    const standing = this.#byId.get(this.#ids.get(name) ?? '');
    if (standing) return standing;
    this.#ids.set(name, erasure.erasureId);
    this.#put(erasure);
    return erasure;
  }

  async get(erasureId: string): Promise<Erasure | null> {
    await this.#turn();
    return this.#byId.get(erasureId) ?? null;
  }

  async findByUser(userRef: UserRef): Promise<Erasure | null> {
    await this.#turn();
    const own = [...this.#byId.values()].filter((erasure) => erasure.userRef === userRef);
    return own.sort((a, b) => b.lifecycle - a.lifecycle)[0] ?? null;
  }

  async pending(limit: number, after?: ErasurePlace): Promise<Erasure[]> {
    await this.#turn();
    const open = [...this.#byId.values()].filter(({ state }) => state !== 'erased');
    return open
      .sort(compare)
      .filter((one) => after === undefined || compare(one, after) > 0)
      .slice(0, limit);
  }

  async unseen(limit: number): Promise<Erasure[]> {
    await this.#turn();
    const unseen = [...this.#byId.values()].filter((erasure) => unseenReplicas(erasure).length > 0);
    return unseen.sort(compare).slice(0, limit);
  }

  async list(limit: number, before?: ErasurePlace): Promise<Erasure[]> {
    await this.#turn();
    const newestFirst = [...this.#byId.values()].sort((a, b) => -compare(a, b));
    return newestFirst.filter((one) => before === undefined || compare(one, before) < 0).slice(0, limit);
  }

  async counts(): Promise<Record<ErasureState, number>> {
    await this.#turn();
    const counts = { requested: 0, held: 0, forgotten: 0, erased: 0 };
    for (const { state } of this.#byId.values()) counts[state]++;
    return counts;
  }

  async advance(erasure: Erasure): Promise<boolean> {
    return (await this.advanceAll([erasure])).size === 1;
  }

  async advanceAll(erasures: readonly Erasure[]): Promise<ReadonlySet<string>> {
    await this.#turn();
    const moved = new Set<string>();
    for (const erasure of erasures) {
      const standing = this.#byId.get(erasure.erasureId);
      if (standing === undefined || standing.revision !== erasure.revision - 1) continue;
      if (order.indexOf(erasure.state) < order.indexOf(standing.state)) continue;
      this.#put(erasure);
      moved.add(erasure.erasureId);
    }
    return moved;
  }

  async getAll(erasureIds: readonly string[]): Promise<ReadonlyMap<string, Erasure>> {
    await this.#turn();
    const found = erasureIds.flatMap((id) => this.#byId.get(id) ?? []);
    return new Map(found.map((erasure) => [erasure.erasureId, erasure]));
  }

  async restore(erasures: readonly Erasure[]): Promise<ReadonlySet<string>> {
    await this.#turn();
    const restored = new Set<string>();
    for (const erasure of erasures) {
      const { erasureId, userRef, lifecycle, revision } = erasure;
      const name = `${userRef}/${lifecycle}`;
      if ((this.#ids.get(name) ?? erasureId) !== erasureId) continue;
      if ((this.#byId.get(erasureId)?.revision ?? -1) >= revision) continue;
      this.#ids.set(name, erasureId);
      this.#put(erasure);
      restored.add(erasureId);
    }
    return restored;
  }

  async entries(after: number, limit: number): Promise<LedgerEntry[]> {
    await this.#turn();
    return this.#entries.filter(({ number }) => number > after).slice(0, limit);
  }

  #put(erasure: Erasure): void {
    this.#byId.set(erasure.erasureId, { ...erasure });
    this.#entries.push({ number: this.#entries.length + 1, erasure: { ...erasure } });
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#outage) throw this.#outage;
  }
}

function compare(a: ErasurePlace, b: ErasurePlace): number {
  return (
    a.requestedAt - b.requestedAt || (a.erasureId < b.erasureId ? -1 : Number(a.erasureId > b.erasureId))
  );
}
