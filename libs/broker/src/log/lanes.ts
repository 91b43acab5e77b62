/** Logs that are opened or closed at a time for each of Kafka's threads, which would block where this waits. */
const lanesPerThread = 4;

/**
 * Works the items off, so many at a time that `threads` of Kafka's would do (num.recovery.threads.per.data.dir). Nothing new is begun
 * after a failure; rejects with the first, once all that was begun has ended.
 */
export async function inLanes<T>(
  threads: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done && failures.length === 0; next = waiting.next()) {
      await work(next.value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: threads * lanesPerThread }, lane));
  if (failures.length > 0) throw failures[0];
}
