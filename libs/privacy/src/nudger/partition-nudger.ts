import type { Keyring, UserRef } from '@oubliette/keyring';
import { sleep, type Clock } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { KeyTopicWindow } from '../ports.js';
import { survey, type Remains } from './survey.js';
import { paceMs, rollMs, rollSlackMs, unlinkSlackMs, type KeyTopicTimings } from './timing.js';

/** A forgotten user whose key records are to leave the log. */
export interface NudgeJob {
  readonly id: string;
  readonly userRef: UserRef;
  /** When fence and tombstones were appended, ms since the Unix epoch. */
  readonly fencedAt: number;
}

/** Told what becomes of a job. A rejection is logged and the call made again. */
export interface NudgeListener {
  /** Key records with a value still stand. */
  standing(jobId: string, values: number): Promise<void>;
  /** A whole read showed none and file.delete.delay.ms has passed since. */
  gone(jobId: string): Promise<void>;
}

export interface NudgerParts {
  readonly window: KeyTopicWindow;
  readonly keyring: Pick<
    Keyring,
    'partitionOf' | 'state' | 'list' | 'catchUp' | 'deadRecords' | 'buryDead' | 'retireEnded'
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: NudgeListener;
}

/** Tombstones every dead record in any partition and sees to it that each of them leaves the log; gives how many. */
export type BuryDead = () => Promise<number>;

/** Times on the monotonic clock. */
interface Pending {
  readonly job: NudgeJob;
  /** When its last tombstone was appended. */
  buriedAt: number;
  attempts: number;
  lastAttemptAt: number;
  /** How long the last read took, in ms. */
  readMs: number;
  values: number | null;
  /** When a whole read first showed nothing; null until then. */
  cleanAt: number | null;
}

/** A pause is at most this long, so that settings changed on the cluster are noticed. */
const longestPauseMs = 60_000;
const longestBackoffMs = 30_000;
/** After reading a large partition the nudger rests this many times as long: reading is at most a fifth of its time. */
const readingShare = 4;

/**
 * Works off one partition: waits until its segment may roll, appends a nudge, lets the cleaner run, reads the
 * partition once for everybody pending, and begins again where something stands. One flow, so never two reads at once.
 */
export class PartitionNudger {
  readonly #pending = new Map<string, Pending>();
  readonly #wake = new Set<() => void>();

  constructor(
    private readonly partition: number,
    private readonly parts: NudgerParts,
    private readonly buryDead: BuryDead,
    private readonly signal: AbortSignal,
  ) {}

  get size(): number {
    return this.#pending.size;
  }

  add(job: NudgeJob): void {
    const known = this.#pending.get(job.id);
    // A later burial under the same id: what was read as clean before it says nothing any more.
    if (known !== undefined && known.job.fencedAt >= job.fencedAt) return;
    const { clock } = this.parts;
    const age = Math.max(0, clock.now() - job.fencedAt);
    const buriedAt = clock.monotonic() - age;
    this.#pending.set(job.id, {
      job,
      buriedAt,
      attempts: 0,
      lastAttemptAt: Number.NEGATIVE_INFINITY,
      readMs: 0,
      values: known?.values ?? null,
      cleanAt: null,
    });
    for (const wake of this.#wake) wake();
  }

  /** Resolves when nothing is pending or the signal aborts. Never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    while (this.#pending.size > 0 && !this.signal.aborted) {
      try {
        await this.#round();
        failures = 0;
      } catch (error) {
        if (this.signal.aborted) return;
        failures++;
        this.#report(error, failures);
        await this.#pause(Math.min(longestBackoffMs, 100 * 2 ** Math.min(failures, 12)));
      }
    }
  }

  async #round(): Promise<void> {
    const timings = await this.parts.window.settings();
    const now = this.parts.clock.monotonic();
    const ripe: Pending[] = [];
    let next = now + longestPauseMs;
    for (const pending of this.#pending.values()) {
      const due = dueAt(pending, timings);
      if (due > now) next = Math.min(next, due);
      else if (pending.cleanAt === null) ripe.push(pending);
      else await this.#finish(pending);
    }
    if (ripe.length > 0) await this.#attempt(ripe, timings);
    else if (this.#pending.size > 0) await this.#pause(Math.max(0, next - now));
  }

  async #finish(pending: Pending): Promise<void> {
    const { id } = pending.job;
    await this.parts.listener.gone(id);
    // Meanwhile it may have begun anew.
    if (this.#pending.get(id) === pending) this.#pending.delete(id);
  }

  async #attempt(ripe: readonly Pending[], timings: KeyTopicTimings): Promise<void> {
    const { window, clock } = this.parts;
    await window.nudge(this.partition);
    await sleep(clock, paceMs(timings, 0), this.signal);
    const watched = [...this.#pending.values()].filter(({ cleanAt }) => cleanAt === null);
    const readFrom = clock.monotonic();
    const remains = await this.#survey(watched);
    const now = clock.monotonic();
    for (const pending of ripe) {
      pending.attempts++;
      pending.lastAttemptAt = now;
      pending.readMs = now - readFrom;
    }
    await this.#buryFound(watched, remains);
    for (const pending of watched) await this.#note(pending, remains.get(pending.job.userRef), now);
  }

  async #survey(watched: readonly Pending[]): Promise<Map<UserRef, Remains>> {
    const { window, keyring } = this.parts;
    const userRefs = new Set(watched.map(({ job }) => job.userRef));
    const living = new Set<string>();
    if ([...userRefs].some((userRef) => keyring.state(userRef) === 'active')) {
      for (const { userRef, state, kids } of keyring.list()) {
        if (state === 'active' && userRefs.has(userRef))
          for (const kid of kids) living.add(`${userRef}#${kid}`);
      }
    }
    const isLiving = (userRef: UserRef, kid: string): boolean => living.has(`${userRef}#${kid}`);
    return survey(window, this.partition, userRefs, isLiving, this.signal);
  }

  /** A key record without a tombstone after it landed late: it gets one, and its wait begins again. */
  async #buryFound(watched: readonly Pending[], remains: ReadonlyMap<UserRef, Remains>): Promise<void> {
    const late = watched.filter(({ job }) => (remains.get(job.userRef)?.unburied ?? 0) > 0);
    if (late.length === 0) return;
    const { keyring, clock, logger } = this.parts;
    await keyring.catchUp(late.map(({ job }) => job.userRef));
    const buried = await this.buryDead();
    const fields = { partition: this.partition, records: buried };
    if (buried > 0) logger.info('Key records that landed after their fence were tombstoned.', fields);
    else
      logger.warn(
        'A key record of a forgotten user has no tombstone and the keyring does not know it.',
        fields,
      );
    for (const pending of late) pending.buriedAt = clock.monotonic();
  }

  async #note(pending: Pending, remains: Remains | undefined, now: number): Promise<void> {
    const values = remains?.values ?? 0;
    if (values === 0) pending.cleanAt = now;
    if (pending.values === values) return;
    if (values > 0) await this.parts.listener.standing(pending.job.id, values);
    pending.values = values;
  }

  async #pause(ms: number): Promise<void> {
    const { clock } = this.parts;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#wake.delete(done);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = clock.schedule(ms, done);
      this.#wake.add(done);
      this.signal.addEventListener('abort', done, { once: true });
      if (this.signal.aborted) done();
    });
  }

  #report(error: unknown, failures: number): void {
    this.parts.logger.warn('Erasing in a partition of the key topic failed and is tried again.', {
      partition: this.partition,
      pending: this.#pending.size,
      failures,
      error: codeOf(error),
    });
  }
}

function dueAt(pending: Pending, timings: KeyTopicTimings): number {
  if (pending.cleanAt !== null) return pending.cleanAt + timings.fileDeleteDelayMs + unlinkSlackMs;
  // A nudge before the segment is old enough lands in the same segment and does nothing.
  const rolls = pending.buriedAt + rollMs(timings) + rollSlackMs;
  // An attempt itself takes the shortest pace; only what goes beyond it is waited for here.
  const rest = paceMs(timings, pending.attempts) - paceMs(timings, 0);
  return Math.max(rolls, pending.lastAttemptAt + Math.max(rest, readingShare * pending.readMs));
}
