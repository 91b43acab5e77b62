import type { ProjectionSource, ProjectionStore } from '../ports.js';

/** What a projection writes with in memory: rows that are kept when the transaction commits. */
export interface MemoryTransaction {
  put(key: string, value: string): void;
}

/** Read models and checkpoints in memory. */
export class MemoryProjectionStore implements ProjectionStore<MemoryTransaction> {
  readonly rows = new Map<string, string>();
  readonly #offsets = new Map<string, bigint>();
  #tail: Promise<unknown> = Promise.resolve();

  async nextOffset(source: ProjectionSource): Promise<bigint> {
    return this.#offsets.get(keyOf(source)) ?? 0n;
  }

  apply<R extends { readonly offset: bigint }>(
    source: ProjectionSource,
    records: readonly R[],
    work: (tx: MemoryTransaction, fresh: readonly R[]) => Promise<void>,
  ): Promise<{ applied: number; skipped: number }> {
    const turn = this.#tail.then(async () => {
      const next = await this.nextOffset(source);
      const fresh = records.filter((record) => record.offset >= next);
      const last = fresh.at(-1);
      if (last !== undefined) {
        const written = new Map<string, string>();
        await work({ put: (key, value) => written.set(key, value) }, fresh);
        for (const [key, value] of written) this.rows.set(key, value);
        this.#offsets.set(keyOf(source), last.offset + 1n);
      }
      return { applied: fresh.length, skipped: records.length - fresh.length };
    });
    // The next in line does not care how this one ended; its caller does.
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

function keyOf({ projection, topic, partition }: ProjectionSource): string {
  return JSON.stringify([projection, topic, partition]);
}
