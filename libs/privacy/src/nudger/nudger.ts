import { setMaxListeners } from 'node:events';
import type { Timer } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { BlockedPartition } from './blockage.js';
import type { NudgeJob, NudgerParts } from './nudge-job.js';
import { PartitionNudger } from './partition-nudger.js';

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
  readonly #flows = new Map<number, { readonly nudger: PartitionNudger; readonly done: Promise<void> }>();
  #sweep: Timer;
  #sweeping: Promise<void> = Promise.resolve();
  #sweeps = 0;
  #nudgesOwed = 0;

  constructor(private readonly parts: NudgerParts) {
    // Each flow listens while it waits: many are no leak, their number is that of the partitions.
    setMaxListeners(0, this.#closing.signal);
    this.#sweep = this.#scheduleSweep();
  }

  /** Takes a job; under an id that is pending it begins anew if its fence is later. After `close`: nothing happens. */
  add(job: NudgeJob): void {
    this.#addTo(job, this.parts);
  }

  /** Drops the jobs that another instance finds in the ledger. */
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

  /** Stops all flows and resolves when they have ended; what is pending stays in the ledger. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#sweep.cancel();
    await this.#sweeping;
    await Promise.all([...this.#flows.values()].map(({ done }) => done));
  }

  #addTo(job: NudgeJob, parts: NudgerParts): void {
    if (this.#closing.signal.aborted) return;
    const partition = parts.keyring.partitionOf(job.userRef);
    const flow = this.#flows.get(partition);
    if (flow) {
      flow.nudger.add(job);
      return;
    }
    const nudger = new PartitionNudger(partition, parts, () => this.#buryDead(), this.#closing.signal);
    nudger.add(job);
    this.#flows.set(partition, { nudger, done: this.#follow(partition, nudger) });
  }

  async #follow(partition: number, nudger: PartitionNudger): Promise<void> {
    // A job may come in while a run ends: look again before the flow is given up.
    do await nudger.run();
    while (!nudger.isIdle && !this.#closing.signal.aborted);
    this.#flows.delete(partition);
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
      this.#addTo({ id: `late:${userRef}`, userRef, fencedAt: clock.now(), isLocal: true }, this.parts);
    }
    return buried;
  }
}
