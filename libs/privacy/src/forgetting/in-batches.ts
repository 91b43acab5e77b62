/** Users that are forgotten together: so many ledger entries are written at a time, and a crash repeats no more. */
export const usersTogether = 1_000;

/** Parts of a list of at most `size`, in order. */
export function* inBatches<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
