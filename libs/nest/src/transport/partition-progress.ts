/**
 * How far a handler got in each partition, within this process: when a batch comes again because a later record failed,
 * what was handled is not handled twice. Offsets that the group committed stand on the broker; this is only about redelivery.
 */
export class PartitionProgress {
  readonly #next = new Map<string, bigint>();
  readonly #attempts = new Map<string, { readonly offset: bigint; readonly count: number }>();

  isDone(topic: string, partition: number, offset: bigint): boolean {
    return offset < (this.#next.get(`${topic}:${partition}`) ?? 0n);
  }

  done(topic: string, partition: number, offset: bigint): void {
    const key = `${topic}:${partition}`;
    this.#next.set(key, offset + 1n);
    this.#attempts.delete(key);
  }

  /** Forgets a partition whose batch was done with: its offsets may start anew, where a topic is made again. */
  clear(topic: string, partition: number): void {
    const key = `${topic}:${partition}`;
    this.#next.delete(key);
    this.#attempts.delete(key);
  }

  /** Counts a failure at `offset`; returns how often it has failed there. */
  failed(topic: string, partition: number, offset: bigint): number {
    const key = `${topic}:${partition}`;
    const before = this.#attempts.get(key);
    const count = before?.offset === offset ? before.count + 1 : 1;
    this.#attempts.set(key, { offset, count });
    return count;
  }
}
