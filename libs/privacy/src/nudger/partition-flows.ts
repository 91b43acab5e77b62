import { setMaxListeners } from 'node:events';
import type { BlockedPartition } from './blockage.js';
import type { NudgeJob, PartitionParts } from './nudge-job.js';
import { PartitionNudger } from './partition-nudger.js';

/** Gets records of forgotten users out of a topic: one flow per partition with work. */
export class PartitionFlows {
  readonly #closing = new AbortController();
  readonly #flows = new Map<number, { readonly nudger: PartitionNudger; readonly done: Promise<void> }>();

  constructor(private readonly parts: PartitionParts) {
    // Each flow listens while it waits: many are no leak, their number is that of the partitions.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Takes a job; under an id that is pending it begins anew if its fence is later. After `close`: nothing happens. */
  add(partition: number, job: NudgeJob): void {
    if (this.#closing.signal.aborted) return;
    const flow = this.#flows.get(partition);
    if (flow) {
      flow.nudger.add(job);
      return;
    }
    const nudger = new PartitionNudger(partition, this.parts, this.#closing.signal);
    nudger.add(job);
    this.#flows.set(partition, { nudger, done: this.#follow(partition, nudger) });
  }

  /** Drops the jobs that another instance can take over. */
  release(): void {
    for (const { nudger } of this.#flows.values()) nudger.release();
  }

  /** The partitions in which erasures are held up, and why. */
  get blocked(): readonly BlockedPartition[] {
    return [...this.#flows.values()].flatMap(({ nudger }) => nudger.blocked ?? []);
  }

  /** Number of jobs not yet gone. */
  get pending(): number {
    let count = 0;
    for (const { nudger } of this.#flows.values()) count += nudger.size;
    return count;
  }

  /** Stops all flows and resolves when they have ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#flows.values()].map(({ done }) => done));
  }

  async #follow(partition: number, nudger: PartitionNudger): Promise<void> {
    // A job may come in while a run ends: look again before the flow is given up.
    do await nudger.run();
    while (!nudger.isIdle && !this.#closing.signal.aborted);
    this.#flows.delete(partition);
  }
}
