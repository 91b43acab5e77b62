import type { Clock } from '@oubliette/runtime';
import type { ErasureEvidence, ReplicaPass, UnseenReplica } from '../verification/erasure-evidence.js';
import type { Blockage } from './blockage.js';
import type { NudgeJob } from './nudge-job.js';
import {
  nudgeSpacingMs,
  paceMs,
  restMs,
  rollMs,
  rollSlackMs,
  settleMs,
  unlinkSlackMs,
  type KeyTopicTimings,
} from './timing.js';

/** What a round showed that found nothing left of it. */
export interface CleanRead {
  /** On the monotonic clock. */
  readonly at: number;
  readonly passes: readonly ReplicaPass[];
  readonly unseen: readonly UnseenReplica[];
}

/** How often one looks whether a replica that was away is back. */
const watchMs = 10_000;

/** A job and what the nudger has seen of it. Times on the monotonic clock, in ms, unless they say otherwise. */
export class PendingJob {
  /** When its last tombstone was appended, and the same on the wall clock. */
  #buriedAt = 0;
  #buriedWall = 0;
  /** Nobody has looked for its records yet. */
  isUnread: boolean;
  /** An append that makes its segment roll was made or found. */
  isServed = false;
  attempts = 0;
  lastAttemptAt = Number.NEGATIVE_INFINITY;
  /** How long the last round of reading took. */
  readMs = 0;
  /** What the listener was told last. */
  values: number | null = null;
  /** What the last round showed. */
  hasRemains = false;
  lateRecords = 0;
  clean: CleanRead | null = null;
  /** Its files are not looked at before. */
  filesDueAt = Number.NEGATIVE_INFINITY;
  /** Looks at its files that were in vain. */
  looksAtFiles = 0;
  blockage: Blockage | null = null;
  /** Since when a file holds it up, ms since the Unix epoch. */
  blockedSince = 0;
  /** The brokers that are still watched; null: all replicas count. */
  readonly watched: ReadonlySet<number> | null;

  constructor(
    readonly job: NudgeJob,
    clock: Clock,
    /** Given: it is erased but for what this names as unseen. */
    readonly erased: ErasureEvidence | null = job.erased ?? null,
  ) {
    this.isUnread = erased === null && job.isUnread === true;
    this.watched = erased === null ? null : new Set(erased.unseen.map(({ replica }) => replica));
    this.#buriedWall = job.fencedAt;
    this.#buriedAt = clock.monotonic() - Math.max(0, clock.now() - job.fencedAt);
  }

  /** A record of it was found, and tombstoned: its wait begins again. */
  buriedAgain(clock: Clock, records: number): void {
    this.#buriedAt = clock.monotonic();
    this.#buriedWall = clock.now();
    this.isServed = false;
    this.lateRecords += records;
  }

  /** Something of it is known to stand, or may: its segment must roll. */
  get needsRoll(): boolean {
    return this.job.isUnread !== true || this.hasRemains;
  }

  /** Nothing that was on its way when its user was fenced can land any more. */
  isSettled(timings: KeyTopicTimings, now: number): boolean {
    return this.job.isUnread !== true || this.ageMs(now) >= settleMs(timings);
  }

  /** Something that nobody can look at holds it up still; from then on it is named, and holds up nobody. */
  isPatient(patienceMs: number, now: number): boolean {
    return this.erased === null && this.ageMs(now) < patienceMs;
  }

  ageMs(now: number): number {
    return now - this.#buriedAt;
  }

  /** Wall clock: an append from then on makes its segment roll. */
  servedFrom(timings: KeyTopicTimings): number {
    return this.#buriedWall + rollMs(timings) + 1;
  }

  /** `lookedAt`: when the partition was read last for jobs that nobody had looked for. */
  dueAt(timings: KeyTopicTimings, nudgedAt: number, lookedAt: number): number {
    if (this.isUnread) return Math.max(this.#buriedAt, lookedAt + nudgeSpacingMs(timings));
    if (this.clean !== null) return this.clean.at + timings.fileDeleteDelayMs + unlinkSlackMs;
    const rest = restMs(this.readMs);
    if (this.erased !== null) {
      // Back, and not clean yet: from now on as everybody's.
      const pause = this.hasRemains ? paceMs(timings, this.attempts) : watchMs;
      return this.lastAttemptAt + Math.max(pause, rest);
    }
    if (!this.needsRoll)
      return Math.max(
        this.#buriedAt + settleMs(timings),
        this.lastAttemptAt + Math.max(paceMs(timings, this.attempts), rest),
      );
    // A nudge before the segment is old enough lands in the same segment and does nothing.
    const rolls = this.#buriedAt + rollMs(timings) + rollSlackMs;
    if (!this.isServed) return Math.max(rolls, nudgedAt + nudgeSpacingMs(timings));
    const pause = paceMs(timings, this.attempts);
    // An attempt that nudges takes the shortest pace itself; only what goes beyond it is waited for here.
    const early = pause - paceMs(timings, 0);
    const nudges = this.hasRemains && this.lastAttemptAt + early >= nudgedAt + nudgeSpacingMs(timings);
    return Math.max(rolls, this.lastAttemptAt + Math.max(nudges ? early : pause, rest));
  }
}
