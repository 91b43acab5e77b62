import { inBatches } from '../forgetting/in-batches.js';

/** Listeners that write to a ledger: it takes many steps at once for little more than one. */
const mostAtOnce = 100;

/** Tells of each, many at once. The failure of one rejects when those told with it are through. */
export async function tellAll<T>(all: readonly T[], tell: (one: T) => Promise<void>): Promise<void> {
  for (const some of inBatches(all, mostAtOnce)) {
    const told = await Promise.allSettled(some.map(tell));
    for (const one of told) if (one.status === 'rejected') throw one.reason;
  }
}
