import type { Erasure, ErasureStore } from '../ports.js';
import type { LedgerMirror } from './ledger-mirror.js';

/** What comparing the ledger in the database with its mirror came to: numbers of erasures. */
export interface LedgerHalves {
  /** Which one lacked something: a copy of before was restored, or it could not be written for a while. */
  readonly older: 'neither' | 'database' | 'mirror' | 'both';
  /** Steps that the mirror had and the database not: they stand there again. */
  readonly restored: number;
  /** The other way round: the mirror has them now. */
  readonly mirrored: number;
  /** In the mirror, of a user and lifecycle that has another erasure in the database: left alone. */
  readonly conflicting: number;
}

const batchErasures = 500;

/**
 * Brings either half of the ledger up to what the other one has: of each erasure the later step wins. Reads the mirror once and the
 * database a page at a time. `onRestored` hears what the database got back. Rejects with what the two and it reject with; the same call again
 * goes on.
 */
export async function compareHalves(
  store: ErasureStore,
  mirror: LedgerMirror,
  onRestored: (erasures: readonly Erasure[]) => Promise<void> = () => Promise.resolve(),
): Promise<LedgerHalves> {
  const restored = new Set<string>();
  const conflicting = new Set<string>();
  /** The mirror's last step of each erasure: some 100 bytes each. */
  const revisions = new Map<string, number>();
  let batch = new Map<string, Erasure>();
  const settle = async (): Promise<void> => {
    for (const [erasureId, isRestored] of await restore(store, batch))
      (isRestored ? restored : conflicting).add(erasureId);
    await onRestored([...batch.values()].filter(({ erasureId }) => restored.has(erasureId)));
    batch = new Map();
  };
  for await (const erasure of mirror.read()) {
    const { erasureId, revision } = erasure;
    if (revision < (revisions.get(erasureId) ?? 0)) continue;
    revisions.set(erasureId, revision);
    batch.set(erasureId, erasure);
    if (batch.size >= batchErasures) await settle();
  }
  await settle();
  const mirrored = await mirrorAgain(store, mirror, revisions);
  const [lacksDatabase, lacksMirror] = [restored.size > 0, mirrored > 0];
  const older = lacksDatabase ? (lacksMirror ? 'both' : 'database') : lacksMirror ? 'mirror' : 'neither';
  return { older, restored: restored.size, mirrored, conflicting: conflicting.size };
}

/** Of each that the database has not or has an earlier step of: whether it was put back. */
async function restore(
  store: ErasureStore,
  batch: ReadonlyMap<string, Erasure>,
): Promise<ReadonlyMap<string, boolean>> {
  const standing = await store.getAll([...batch.keys()]);
  const due = [...batch.values()].filter(
    ({ erasureId, revision }) => (standing.get(erasureId)?.revision ?? -1) < revision,
  );
  const restored = due.length === 0 ? new Set() : await store.restore(due);
  return new Map(due.map(({ erasureId }) => [erasureId, restored.has(erasureId)]));
}

async function mirrorAgain(
  store: ErasureStore,
  mirror: LedgerMirror,
  revisions: ReadonlyMap<string, number>,
): Promise<number> {
  let count = 0;
  for (let before: Erasure | undefined; ;) {
    const page = await store.list(batchErasures, before);
    const due = page.filter(({ erasureId, revision }) => (revisions.get(erasureId) ?? -1) < revision);
    if (due.length > 0) await mirror.write(due);
    count += due.length;
    before = page.at(-1);
    if (page.length < batchErasures || before === undefined) return count;
  }
}
