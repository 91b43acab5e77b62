import type { FilesPass } from '../verification/erasure-evidence.js';
import type { FilesLook, KeyFiles } from '../verification/key-files.js';
import { keyInFile, unclearFiles, type Blockage, type BlockedPartition } from './blockage.js';
import type { PartitionParts } from './nudge-job.js';
import type { PendingJob } from './pending-job.js';
import { tellAll } from './tell-all.js';
import { paceMs, type KeyTopicTimings } from './timing.js';

/** A broker may unlink a file late; from this many looks on one tells. */
const looksBeforeTelling = 2;
/** After reading many files it rests this many times as long: reading is at most a fifth of its time. */
const readingShare = 4;

type Parts = Pick<PartitionParts, 'clock' | 'listener' | 'logger' | 'erased'>;

/** What of many jobs is done, and the files that were read for it. */
export interface LookedAt {
  readonly done: readonly PendingJob[];
  /** undefined: none can be read here. */
  readonly files: readonly FilesPass[] | undefined;
}

/** The last look before a job is told as done: into the partition's files, as far as they can be read here, once for all jobs. */
export class LastLook {
  readonly #partition: number;
  readonly #parts: Parts;
  readonly #signal: AbortSignal;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #blocked: { readonly blockage: Blockage; readonly since: number } | null = null;

  constructor(partition: number, parts: Parts, signal: AbortSignal) {
    this.#partition = partition;
    this.#parts = parts;
    this.#signal = signal;
  }

  /** When this job may be looked at, on the monotonic clock. */
  dueAt({ job, filesDueAt }: PendingJob): number {
    return this.#concerns(job) ? Math.max(filesDueAt, this.#restsUntil) : Number.NEGATIVE_INFINITY;
  }

  /** The file that holds up jobs, as it was told last; null: none does. */
  blocked(pending: Iterable<PendingJob>): BlockedPartition | null {
    if (this.#blocked === null) return null;
    const { blockage, since } = this.#blocked;
    const jobs = [...pending].filter((one) => one.blockage?.code === blockage.code).length;
    return jobs === 0 ? null : { partition: this.#partition, ...blockage, since, jobs };
  }

  /** Tells of jobs that a file holds up, and looks for them again later. A file that cannot be read holds up whoever is patient. */
  async at(
    jobs: readonly PendingJob[],
    timings: KeyTopicTimings,
    isPatient: (pending: PendingJob) => boolean,
  ): Promise<LookedAt> {
    const { files } = this.#parts.erased;
    const concerned = jobs.filter(({ job }) => this.#concerns(job));
    if (files === undefined || concerned.length === 0) return { done: jobs, files: undefined };
    const look = await this.#read(files, concerned);
    const held = new Map<PendingJob, Blockage>();
    for (const pending of concerned) {
      const why = blockageBy(look, pending, isPatient(pending));
      if (why !== null) held.set(pending, why);
    }
    const now = this.#parts.clock.monotonic();
    for (const pending of held.keys()) pending.filesDueAt = now + paceMs(timings, pending.looksAtFiles++);
    await this.#tell([...held]);
    return { done: jobs.filter((pending) => !held.has(pending)), files: look.passes };
  }

  /** Jobs of the ledger: what is left of others, of one purpose say, is not all of a user's. */
  #concerns({ lifecycle }: PendingJob['job']): boolean {
    return this.#parts.erased.files !== undefined && lifecycle !== undefined;
  }

  async #read(files: KeyFiles, concerned: readonly PendingJob[]): Promise<FilesLook> {
    const { clock } = this.#parts;
    const users = concerned.map(({ job: { userRef, lifecycle = 0 } }) => ({ userRef, lifecycle }));
    const from = clock.monotonic();
    const look = await files.look(this.#partition, users, this.#signal);
    const now = clock.monotonic();
    this.#restsUntil = now + readingShare * (now - from);
    return look;
  }

  async #tell(held: readonly (readonly [PendingJob, Blockage])[]): Promise<void> {
    const told = held.filter(([{ looksAtFiles }]) => looksAtFiles >= looksBeforeTelling);
    await tellAll(told, async ([pending, blockage]) => {
      if (pending.blockage?.message === blockage.message) return;
      await this.#parts.listener.blocked(pending.job.id, blockage);
      pending.blockage = blockage;
    });
    const blockage = told[0]?.[1] ?? null;
    if (blockage?.message === this.#blocked?.blockage.message) return;
    const { clock, logger, erased } = this.#parts;
    this.#blocked = blockage === null ? null : { blockage, since: Math.floor(clock.now()) };
    const fields = { partition: this.#partition, code: blockage?.code ?? null };
    if (blockage !== null) logger.warn(`Erasing in ${erased.place} is blocked: ${blockage.message}.`, fields);
  }
}

function blockageBy(
  { standing, passes }: FilesLook,
  { job }: PendingJob,
  isPatient: boolean,
): Blockage | null {
  const file = standing.get(job.userRef);
  if (file !== undefined) return keyInFile(file);
  const unclear = passes.filter(({ outcome }) => outcome === 'unclear').map(({ replica }) => replica);
  return isPatient && unclear.length > 0 ? unclearFiles(unclear) : null;
}
