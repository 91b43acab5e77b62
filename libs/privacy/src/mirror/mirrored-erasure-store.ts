import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Erasure, ErasurePlace, ErasureState, ErasureStore, LedgerEntry } from '../ports.js';
import type { LedgerMirror } from './ledger-mirror.js';

/** Steps that wait for a mirror that is away; beyond that the next start finds what is missing. */
const mostOwed = 100_000;

/**
 * A ledger whose every step is also in a mirror when it resolves. A mirror that is away fails nobody: what it is owed goes out with the next
 * step, or at the next comparison of the halves.
 */
export class MirroredErasureStore implements ErasureStore {
  /** The last step of each erasure that the mirror has not. */
  #owed = new Map<string, Erasure>();
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly inner: ErasureStore,
    private readonly mirror: LedgerMirror,
    private readonly logger: Logger,
  ) {}

  async open(erasure: Erasure): Promise<Erasure> {
    const [opened] = await this.openAll([erasure]);
    return opened ?? erasure;
  }

  async openAll(erasures: readonly Erasure[]): Promise<Erasure[]> {
    const opened = await this.inner.openAll(erasures);
    await this.#mirrored(opened);
    return opened;
  }

  get(erasureId: string): Promise<Erasure | null> {
    return this.inner.get(erasureId);
  }

  findByUser(userRef: Erasure['userRef']): Promise<Erasure | null> {
    return this.inner.findByUser(userRef);
  }

  pending(limit: number, after?: ErasurePlace): Promise<Erasure[]> {
    return this.inner.pending(limit, after);
  }

  unseen(limit: number): Promise<Erasure[]> {
    return this.inner.unseen(limit);
  }

  list(limit: number, before?: ErasurePlace): Promise<Erasure[]> {
    return this.inner.list(limit, before);
  }

  counts(): Promise<Readonly<Record<ErasureState, number>>> {
    return this.inner.counts();
  }

  async advance(erasure: Erasure): Promise<boolean> {
    return (await this.advanceAll([erasure])).size === 1;
  }

  async advanceAll(erasures: readonly Erasure[]): Promise<ReadonlySet<string>> {
    const moved = await this.inner.advanceAll(erasures);
    await this.#mirrored(erasures.filter(({ erasureId }) => moved.has(erasureId)));
    return moved;
  }

  entries(after: number, limit: number): Promise<LedgerEntry[]> {
    return this.inner.entries(after, limit);
  }

  getAll(erasureIds: readonly string[]): Promise<ReadonlyMap<string, Erasure>> {
    return this.inner.getAll(erasureIds);
  }

  restore(erasures: readonly Erasure[]): Promise<ReadonlySet<string>> {
    return this.inner.restore(erasures);
  }

  /** One write at a time, so that a later step never lies beneath an earlier one; those that come meanwhile go together. */
  #mirrored(erasures: readonly Erasure[]): Promise<void> {
    for (const erasure of erasures) {
      const owed = this.#owed.get(erasure.erasureId);
      const isNewer = (owed?.revision ?? -1) < erasure.revision;
      if (isNewer && (owed !== undefined || this.#owed.size < mostOwed))
        this.#owed.set(erasure.erasureId, erasure);
    }
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const owed = this.#owed;
    if (owed.size === 0) return;
    this.#owed = new Map();
    try {
      await this.mirror.write([...owed.values()]);
    } catch (error) {
      for (const [id, erasure] of owed) if (!this.#owed.has(id)) this.#owed.set(id, erasure);
      this.logger.warn('The mirror of the ledger could not be written; tried again with the next step.', {
        owed: this.#owed.size,
        error: codeOf(error),
      });
    }
  }
}
