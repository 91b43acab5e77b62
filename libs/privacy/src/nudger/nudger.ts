import type { Timer } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { BlockedPartition } from './blockage.js';
import { keyRecords } from './key-records.js';
import type { NudgeJob, NudgerParts } from './nudge-job.js';
import { PartitionFlows } from './partition-flows.js';

const sweepMs = 30_000;
/** Keys whose time is over are looked for in every so many sweeps: it means looking at every key. */
const sweepsARetiring = 20;
/** After some were retired: nudges, one a retiring, so that their records' segments roll and are cleaned. */
const nudgesAfterRetiring = 3;

/**
 * Gets key records of forgotten users out of the key topic, on any engine: one flow per partition with work.
 * It also looks every 30 s for key records that landed after their user's fence, and gets those out too; and every 10 minutes for keys
 * whose lifetime is over: one of several instances does (`leads`).
 */
export class Nudger {
  readonly #closing = new AbortController();
  readonly #flows: PartitionFlows;
  #sweep: Timer;
  #sweeping: Promise<void> = Promise.resolve();
  #sweeps = 0;
  #nudgesOwed = 0;

  constructor(private readonly parts: NudgerParts) {
    const erased = keyRecords({ ...parts, buryDead: () => this.#buryDead() });
    this.#flows = new PartitionFlows({ ...parts, erased });
    this.#sweep = this.#scheduleSweep();
  }

  /** Takes a job; under an id that is pending it begins anew if its fence is later. After `close`: nothing happens. */
  add(job: NudgeJob): void {
    this.#flows.add(this.parts.keyring.partitionOf(job.userRef), job);
  }

  /** Drops the jobs that another instance finds in the ledger. */
  release(): void {
    this.#flows.release();
  }

  /** The partitions in which erasures are held up, and why. */
  get blocked(): readonly BlockedPartition[] {
    return this.#flows.blocked;
  }

  /** Number of jobs not yet gone. */
  get pending(): number {
    return this.#flows.pending;
  }

  /** Stops all flows and resolves when they have ended; what is pending stays in the ledger. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#sweep.cancel();
    await Promise.all([this.#sweeping, this.#flows.close()]);
  }

  #scheduleSweep(): Timer {
    return this.parts.clock.schedule(sweepMs, () => {
      this.#sweeping = this.#sweepOnce().finally(() => {
        if (!this.#closing.signal.aborted) this.#sweep = this.#scheduleSweep();
      });
    });
  }

  async #sweepOnce(): Promise<void> {
    if (this.parts.leads?.() === false) return;
    await this.#buryLate();
    if (this.#sweeps++ % sweepsARetiring === 0) await this.#retireEnded();
  }

  /** No job for these: they are of no erasure, and what follows them in their partitions is enough to clean them. */
  async #retireEnded(): Promise<void> {
    const { keyring, window, logger } = this.parts;
    try {
      const records = await keyring.retireEnded();
      if (records > 0) logger.info('Keys whose lifetime is over were retired.', { records });
      if (records > 0) this.#nudgesOwed = nudgesAfterRetiring;
      if (this.#nudgesOwed === 0) return;
      this.#nudgesOwed--;
      for (let partition = 0; partition < window.partitionCount; partition++) await window.nudge(partition);
    } catch (error) {
      logger.warn('Keys whose lifetime is over could not be retired; tried again later.', {
        error: codeOf(error),
      });
    }
  }

  async #buryLate(): Promise<void> {
    let records = 0;
    try {
      records = this.parts.keyring.deadRecords().length;
      await this.#buryDead();
    } catch (error) {
      this.parts.logger.warn('Tombstones for late key records could not be written; tried again later.', {
        records,
        error: codeOf(error),
      });
    }
  }

  /** Whoever finds a dead record buries all there are: each user's is then followed until it is out of the log. */
  async #buryDead(): Promise<number> {
    const { keyring, clock } = this.parts;
    const dead = keyring.deadRecords();
    if (dead.length === 0) return 0;
    const buried = await keyring.buryDead();
    for (const userRef of new Set(dead.map((record) => record.userRef))) {
      this.add({ id: `late:${userRef}`, userRef, fencedAt: clock.now(), isLocal: true });
    }
    return buried;
  }
}
