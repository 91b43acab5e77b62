import type { Acknowledgement, AcknowledgementStore, GivenAnswer } from '../processors/acknowledgement.js';

/** Rows in memory, for tests. Every call yields once, as a database would. */
export class InMemoryAcknowledgementStore implements AcknowledgementStore {
  readonly #rows = new Map<string, Acknowledgement>();
  #outage: Error | null = null;

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  async open(erasureIds: readonly string[], processors: readonly string[], now: number): Promise<void> {
    await this.#turn();
    for (const erasureId of erasureIds)
      for (const processor of processors) {
        const key = keyOf({ erasureId, processor });
        if (!this.#rows.has(key)) this.#rows.set(key, opened(erasureId, processor, now));
      }
  }

  async due(now: number, limit: number): Promise<string[]> {
    await this.#turn();
    const earliest = new Map<string, number>();
    for (const { erasureId, outcome, dueAt } of this.#rows.values())
      if (outcome === 'outstanding' && dueAt !== null && dueAt <= now)
        earliest.set(erasureId, Math.min(dueAt, earliest.get(erasureId) ?? dueAt));
    const order = [...earliest].sort(([a, dueA], [b, dueB]) => dueA - dueB || (a < b ? -1 : 1));
    return order.slice(0, limit).map(([erasureId]) => erasureId);
  }

  async of(erasureIds: readonly string[]): Promise<ReadonlyMap<string, readonly Acknowledgement[]>> {
    await this.#turn();
    const wanted = new Set(erasureIds);
    const found = new Map<string, Acknowledgement[]>();
    for (const row of this.#rows.values()) {
      if (!wanted.has(row.erasureId)) continue;
      found.set(row.erasureId, [...(found.get(row.erasureId) ?? []), row]);
    }
    for (const rows of found.values()) rows.sort((a, b) => (a.processor < b.processor ? -1 : 1));
    return found;
  }

  async asked(rows: readonly Acknowledgement[], at: number, dueAt: number | null): Promise<void> {
    await this.#turn();
    for (const row of rows) {
      const standing = this.#rows.get(keyOf(row));
      if (standing?.outcome !== 'outstanding' || standing.asks !== row.asks) continue;
      this.#rows.set(keyOf(row), { ...standing, asks: standing.asks + 1, askedAt: at, dueAt });
    }
  }

  async answer(answer: GivenAnswer): Promise<boolean> {
    await this.#turn();
    const standing = this.#rows.get(keyOf(answer));
    if (standing?.outcome !== 'outstanding') return false;
    this.#rows.set(keyOf(answer), { ...standing, ...answer, dueAt: null });
    return true;
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#outage) throw this.#outage;
  }
}

function keyOf({ erasureId, processor }: Pick<Acknowledgement, 'erasureId' | 'processor'>): string {
  return `${erasureId}/${processor}`;
}

function opened(erasureId: string, processor: string, dueAt: number): Acknowledgement {
  return {
    erasureId,
    processor,
    asks: 0,
    askedAt: null,
    dueAt,
    outcome: 'outstanding',
    answeredAt: null,
    reason: null,
    text: null,
  };
}
