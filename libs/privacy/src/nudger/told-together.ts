import { inBatches } from '../forgetting/in-batches.js';

const mostAtOnce = 100;

/** A ledger takes many steps at once for little more than one. Rejects where one was not taken, once none of its batch is under way. */
export async function toldTogether<T>(all: readonly T[], tell: (one: T) => Promise<void>): Promise<void> {
  for (const batch of inBatches(all, mostAtOnce)) {
    const told = await Promise.allSettled(batch.map(tell));
    for (const one of told) if (one.status === 'rejected') throw one.reason;
  }
}
