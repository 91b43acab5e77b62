import type { FilesPass } from '../verification/erasure-evidence.js';
import type { FilesReading, KeyFiles } from '../verification/key-files.js';
import { keyInFile, unclearFiles, type Blockage, type BlockedPartition } from './blockage.js';
import type { PartitionParts } from './nudge-job.js';
import type { PendingJob } from './pending-job.js';
import { tellAll } from './tell-all.js';
import { paceMs, restMs, type KeyTopicTimings } from './timing.js';

/** A broker may unlink a file late; from this many looks on one tells. */
const looksBeforeTelling = 2;

type Parts = Pick<PartitionParts, 'clock' | 'listener' | 'logger' | 'erased'>;

/** Jobs that are done, each with what was read of its files; undefined: nothing, since none can be read here. */
export type LookedAt = ReadonlyMap<PendingJob, readonly FilesPass[] | undefined>;

/** The last look before a job is told as done: into the partition's files, as far as they can be read here, once for all jobs. */
export class LastLook {
  readonly #partition: number;
  readonly #parts: Parts;
  readonly #signal: AbortSignal;
  #restsUntil = Number.NEGATIVE_INFINITY;
  /** The message that was logged last, while it is true of somebody. */
  #warned: string | null = null;

  constructor(partition: number, parts: Parts, signal: AbortSignal) {
    this.#partition = partition;
    this.#parts = parts;
    this.#signal = signal;
  }

  /** When this job may be looked at, on the monotonic clock. */
  dueAt({ job, filesDueAt }: PendingJob): number {
    return this.#concerns(job) ? Math.max(filesDueAt, this.#restsUntil) : Number.NEGATIVE_INFINITY;
  }

  /** The file that holds up jobs, the first job's of those read as clean; null: none does. */
  blocked(pending: Iterable<PendingJob>): BlockedPartition | null {
    const held = [...pending].filter(({ clean, blockage }) => clean !== null && blockage !== null);
    const [first] = held;
    const blockage = first?.blockage ?? null;
    if (first === undefined || blockage === null) return null;
    const jobs = held.filter((one) => one.blockage?.code === blockage.code).length;
    return { partition: this.#partition, ...blockage, since: first.blockedSince, jobs };
  }

  /** Tells of jobs that a file holds up, and looks for them again later. A file that cannot be read holds up whoever is patient. */
  async at(
    jobs: readonly PendingJob[],
    timings: KeyTopicTimings,
    isPatient: (pending: PendingJob) => boolean,
  ): Promise<LookedAt> {
    const { files } = this.#parts.erased;
    const done = new Map<PendingJob, readonly FilesPass[] | undefined>();
    const concerned = jobs.filter(({ job }) => this.#concerns(job));
    for (const pending of jobs) if (!this.#concerns(pending.job)) done.set(pending, undefined);
    if (files === undefined || concerned.length === 0) return done;
    const readings = await this.#read(files, concerned);
    const now = this.#parts.clock.monotonic();
    const held: [PendingJob, Blockage][] = [];
    for (const pending of concerned) {
      const why = blockageBy(readings, pending, isPatient(pending));
      if (why === null) {
        done.set(pending, passesOf(readings, pending));
        if (pending.blockage?.message === this.#warned) this.#warned = null;
      } else {
        held.push([pending, why]);
        pending.filesDueAt = now + paceMs(timings, pending.looksAtFiles++);
      }
    }
    await this.#tell(held);
    return done;
  }

  /** Jobs of the ledger: what is left of others, of one purpose say, is not all of a user's. */
  #concerns({ lifecycle }: PendingJob['job']): boolean {
    return this.#parts.erased.files !== undefined && lifecycle !== undefined;
  }

  async #read(files: KeyFiles, concerned: readonly PendingJob[]): Promise<readonly FilesReading[]> {
    const { clock } = this.#parts;
    const users = concerned.map(({ job: { userRef, lifecycle = 0 } }) => ({ userRef, lifecycle }));
    const from = clock.monotonic();
    const readings = await files.look(this.#partition, users, this.#signal);
    const now = clock.monotonic();
    this.#restsUntil = now + restMs(now - from);
    return readings;
  }

  async #tell(held: readonly (readonly [PendingJob, Blockage])[]): Promise<void> {
    const { clock, listener } = this.#parts;
    const news = held.filter(
      ([{ looksAtFiles, blockage: before }, { message }]) =>
        looksAtFiles >= looksBeforeTelling && before?.message !== message,
    );
    await tellAll(news, async ([pending, blockage]) => {
      await listener.blocked(pending.job.id, blockage);
      pending.blockage = blockage;
      pending.blockedSince = Math.floor(clock.now());
    });
    for (const [, blockage] of news) this.#warn(blockage);
  }

  #warn({ message, code }: Blockage): void {
    if (message === this.#warned) return;
    this.#warned = message;
    const { logger, erased } = this.#parts;
    logger.warn(`Erasing in ${erased.place} is blocked: ${message}.`, { partition: this.#partition, code });
  }
}

/** A replica that is named as unseen holds up nobody, whatever its files have. */
function blockageBy(
  readings: readonly FilesReading[],
  { job, clean }: PendingJob,
  isPatient: boolean,
): Blockage | null {
  const unseen = new Set<number | null>(clean?.unseen.map(({ replica }) => replica));
  const seen = readings.filter(({ replica }) => !unseen.has(replica));
  for (const { replica, standing } of seen) {
    const file = standing.get(job.userRef);
    if (file !== undefined) return keyInFile({ replica, file });
  }
  const unclear = seen.flatMap(({ pass }) => (pass?.outcome === 'unclear' ? [pass.replica] : []));
  return isPatient && unclear.length > 0 ? unclearFiles(unclear) : null;
}

function passesOf(readings: readonly FilesReading[], { job }: PendingJob): readonly FilesPass[] {
  return readings.flatMap(({ pass, standing }) => (pass === null || standing.has(job.userRef) ? [] : [pass]));
}
