import type { Erasure, ErasurePlace, ErasureStore } from '../ports.js';
import { usersTogether } from './in-batches.js';

/** All that is not *erased*, oldest first, so many at a time: there may be more than memory has room for. */
export async function* pendingPages(
  store: Pick<ErasureStore, 'pending'>,
  size = usersTogether,
): AsyncIterable<readonly Erasure[]> {
  let last: ErasurePlace | undefined;
  do {
    const page = await store.pending(size, last);
    if (page.length > 0) yield page;
    last = page.length < size ? undefined : page.at(-1);
  } while (last !== undefined);
}
