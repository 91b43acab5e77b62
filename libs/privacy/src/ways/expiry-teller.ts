import {
  blockageBy,
  blockageByUnseen,
  retentionStuck,
  type Blockage,
  type BlockedPartition,
} from '../nudger/blockage.js';
import { tellAll } from '../nudger/tell-all.js';
import type { ExpiryJob } from './expiry-job.js';
import type { ExpiryFinding } from './expiry-round.js';
import type { PartitionMark } from './topic-erasure.js';
import type { TopicEraserParts } from './topic-eraser.js';

export type ExpiryFindings = ReadonlyMap<PartitionMark, ExpiryFinding>;

/** Tells the listener what has not expired in a topic, and why; only what is news. */
export class ExpiryTeller {
  readonly #parts: Pick<TopicEraserParts, 'window' | 'listener' | 'clock'>;
  readonly #blocked = new Map<number, { readonly blockage: Blockage; readonly since: number }>();

  constructor(parts: Pick<TopicEraserParts, 'window' | 'listener' | 'clock'>) {
    this.#parts = parts;
  }

  blocked(jobs: Iterable<ExpiryJob>): readonly BlockedPartition[] {
    const held = [...jobs].filter(({ blockage }) => blockage !== null).length;
    return [...this.#blocked].map(([partition, { blockage, since }]) => ({
      partition,
      ...blockage,
      since,
      jobs: held,
    }));
  }

  /** Of those that a look found not to be done. `boundMs` null: nothing is too long. */
  async tell(
    standing: ReadonlyMap<ExpiryJob, ExpiryFindings>,
    boundMs: number | null,
    now: number,
  ): Promise<void> {
    const conditions = new Map<number, Blockage | null>();
    const held = new Map<number, Blockage>();
    const reasons = new Map<ExpiryJob, Blockage | null>();
    for (const [job, findings] of standing) {
      let why: Blockage | null = null;
      for (const [{ partition }, finding] of findings) {
        if (finding.standing.length === 0 && finding.unseen.length === 0) continue;
        if (!conditions.has(partition)) conditions.set(partition, await this.#condition(partition));
        const isLate = boundMs !== null && job.ageMs(now) > boundMs;
        const own =
          conditions.get(partition) ??
          (isLate || finding.standing.length === 0 ? alone(finding, boundMs) : null);
        if (own === null) continue;
        why ??= own;
        held.set(partition, own);
      }
      reasons.set(job, why);
    }
    await this.#tellEach(reasons);
    this.#remember(held);
  }

  /** What the partitions' condition says to everybody, where it was not possible to look. */
  async tellCondition(jobs: readonly ExpiryJob[]): Promise<void> {
    const held = new Map<number, Blockage>();
    for (const partition of await this.#parts.window.partitions()) {
      const why = await this.#condition(partition);
      if (why !== null) held.set(partition, why);
    }
    const [why] = held.values();
    if (why === undefined) return;
    await this.#tellEach(new Map(jobs.map((job) => [job, why])));
    this.#remember(held);
  }

  #tellEach(reasons: ReadonlyMap<ExpiryJob, Blockage | null>): Promise<void> {
    return tellAll([...reasons], ([job, why]) => this.#tellOne(job, why));
  }

  async #tellOne(job: ExpiryJob, why: Blockage | null): Promise<void> {
    const { listener, window } = this.#parts;
    const { id } = job.job;
    if (why !== null && why.message !== job.blockage?.message) {
      await listener.blocked(id, window.topic, why);
      job.wasTold = false;
    } else if (why === null && !job.wasTold) {
      await listener.standing(id, window.topic, null);
      job.wasTold = true;
    }
    job.blockage = why;
  }

  #remember(held: ReadonlyMap<number, Blockage>): void {
    for (const [partition, blockage] of held)
      if (this.#blocked.get(partition)?.blockage.message !== blockage.message)
        this.#blocked.set(partition, { blockage, since: Math.floor(this.#parts.clock.now()) });
    for (const partition of this.#blocked.keys()) if (!held.has(partition)) this.#blocked.delete(partition);
  }

  /** Open transactions do not hold up retention. */
  async #condition(partition: number): Promise<Blockage | null> {
    return blockageBy({ ...(await this.#parts.window.condition(partition)), openTransactions: [] });
  }
}

function alone({ standing, unseen }: ExpiryFinding, boundMs: number | null): Blockage | null {
  if (standing.length > 0 && boundMs !== null) return retentionStuck(standing, boundMs);
  return unseen.length > 0 ? blockageByUnseen(unseen) : null;
}
