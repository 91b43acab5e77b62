import {
  blockageBy,
  blockageByUnseen,
  cleanerStuck,
  type Blockage,
  type BlockedPartition,
} from './blockage.js';
import type { PartitionParts } from './nudge-job.js';
import type { PendingJob } from './pending-job.js';
import type { Finding } from './replica-round.js';
import { tellAll } from './tell-all.js';

/** A look in vain is usual, since a cleaner may be slow; from this many on one asks why. */
const looksBeforeAsking = 2;

type Parts = Pick<PartitionParts, 'window' | 'erased' | 'listener' | 'clock' | 'logger'>;

/** Tells the listener what still stands in a partition, and why; only what is news. */
export class StandingTeller {
  readonly #partition: number;
  readonly #parts: Parts;
  #blocked: { readonly blockage: Blockage; readonly since: number } | null = null;

  constructor(partition: number, parts: Parts) {
    this.#partition = partition;
    this.#parts = parts;
  }

  /** Why the partition's jobs are held up, as it was told last; null: they are not. */
  blocked(pending: Iterable<PendingJob>): BlockedPartition | null {
    if (this.#blocked === null) return null;
    const { blockage, since } = this.#blocked;
    const jobs = [...pending].filter((job) => job.blockage !== null).length;
    return { partition: this.#partition, ...blockage, since, jobs };
  }

  /** Of those that a round found not to be clean. `boundMs` null: nothing is too long. */
  async tell(
    open: readonly (readonly [PendingJob, Finding])[],
    boundMs: number | null,
    now: number,
  ): Promise<void> {
    const { window } = this.#parts;
    const asksWhy = open.some(([{ attempts }]) => attempts >= looksBeforeAsking);
    const held = asksWhy ? blockageBy(await window.condition(this.#partition)) : null;
    await tellAll(open, ([pending, finding]) => {
      const why = held ?? alone(pending, finding, boundMs, now);
      return this.#tellOf(pending, finding, pending.attempts >= looksBeforeAsking ? why : null);
    });
    this.#remember(open.find(([{ blockage }]) => blockage !== null)?.[0].blockage ?? null);
  }

  /** What the partition's condition says to everybody, where it was not possible to look. */
  async tellAll(pending: readonly PendingJob[]): Promise<void> {
    const why = blockageBy(await this.#parts.window.condition(this.#partition));
    if (why === null) return;
    await tellAll(pending, (job) => this.#tellWhy(job, why));
    this.#remember(why);
  }

  async #tellOf(pending: PendingJob, { values }: Finding, why: Blockage | null): Promise<void> {
    await this.#tellWhy(pending, why);
    if (pending.blockage !== null || pending.values === values) return;
    if (values > 0) await this.#parts.listener.standing(pending.job.id, values);
    pending.values = values;
  }

  async #tellWhy(pending: PendingJob, blockage: Blockage | null): Promise<void> {
    if (blockage !== null && blockage.message !== pending.blockage?.message) {
      await this.#parts.listener.blocked(pending.job.id, blockage);
      // What stands is told again when it is over.
      pending.values = null;
    }
    pending.blockage = blockage;
  }

  #remember(blockage: Blockage | null): void {
    if (blockage?.message === this.#blocked?.blockage.message) return;
    const { clock, logger, erased } = this.#parts;
    this.#blocked = blockage === null ? null : { blockage, since: Math.floor(clock.now()) };
    const fields = { partition: this.#partition, code: blockage?.code ?? null };
    if (blockage !== null) logger.warn(`Erasing in ${erased.place} is blocked: ${blockage.message}.`, fields);
  }
}

/** What holds up one alone: a cleaner beyond its bound, or replicas that nobody can look at. */
function alone(
  pending: PendingJob,
  { values, unseen, brokers }: Finding,
  boundMs: number | null,
  now: number,
): Blockage | null {
  if (values === 0) return unseen.length > 0 ? blockageByUnseen(unseen) : null;
  return boundMs !== null && pending.ageMs(now) > boundMs ? cleanerStuck(brokers, boundMs) : null;
}
