import type { ReplicaState } from '@oubliette/kafka';
import { sleep } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { ErasureEvidence, FilesPass } from '../verification/erasure-evidence.js';
import type { BlockedPartition } from './blockage.js';
import { LastLook } from './last-look.js';
import type { NudgeJob, PartitionParts } from './nudge-job.js';
import { PendingJob } from './pending-job.js';
import { ReplicaRound, type Finding } from './replica-round.js';
import { StandingTeller } from './standing-teller.js';
import { tellAll } from './tell-all.js';
import { nudgeSpacingMs, paceMs, rollMs, rollSlackMs, type KeyTopicTimings } from './timing.js';
import { makeRoom } from './watched.js';

/** A pause is at most this long, so that settings changed on the cluster are noticed. */
const longestPauseMs = 60_000;
const longestBackoffMs = 30_000;
/** What failed no slower than this may work when it is tried again, and is not worth asking why. */
const slowFailureMs = 5_000;

/**
 * Works off one partition: waits until its segment may roll, appends a nudge unless somebody else appended something, lets the cleaner
 * run, reads each replica once for everybody pending, and begins again where something stands. One flow, so never two rounds at once.
 */
export class PartitionNudger {
  readonly #pending = new Map<string, PendingJob>();
  readonly #wake = new Set<() => void>();
  #nudgedAt = Number.NEGATIVE_INFINITY;
  /** When jobs that nobody had looked for were looked for the last time. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  readonly #teller: StandingTeller;
  readonly #lastLook: LastLook;

  constructor(
    private readonly partition: number,
    private readonly parts: PartitionParts,
    private readonly signal: AbortSignal,
  ) {
    this.#teller = new StandingTeller(partition, parts);
    this.#lastLook = new LastLook(partition, parts, signal);
  }

  /** Jobs that are not gone yet. */
  get size(): number {
    let size = 0;
    for (const { erased } of this.#pending.values()) if (erased === null) size++;
    return size;
  }

  /** Nothing is pending, and nothing watched. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  get blocked(): BlockedPartition | null {
    return this.#teller.blocked(this.#pending.values()) ?? this.#lastLook.blocked(this.#pending.values());
  }

  add(job: NudgeJob): void {
    const known = this.#pending.get(job.id);
    // A later burial under the same id: what was read as clean before it says nothing any more.
    if (known !== undefined && known.job.fencedAt >= job.fencedAt) return;
    const pending = new PendingJob(job, this.parts.clock);
    pending.values = known?.values ?? null;
    if (isDone(pending)) makeRoom(this.#pending, isDone);
    this.#pending.set(job.id, pending);
    for (const wake of this.#wake) wake();
  }

  /** Drops what another instance can take over. */
  release(): void {
    for (const [id, { job }] of this.#pending) if (job.isLocal !== true) this.#pending.delete(id);
  }

  /** Resolves when nothing is pending or the signal aborts. Never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    while (this.#pending.size > 0 && !this.signal.aborted) {
      const began = this.parts.clock.monotonic();
      try {
        await this.#round();
        failures = 0;
      } catch (error) {
        if (this.signal.aborted) return;
        failures++;
        this.#report(error, failures);
        const isSlow = this.parts.clock.monotonic() - began > slowFailureMs;
        if (isSlow || failures >= 2) await this.#askWhyItFails();
        await this.#pause(Math.min(longestBackoffMs, 100 * 2 ** Math.min(failures, 12)));
      }
    }
  }

  async #round(): Promise<void> {
    const timings = await this.parts.window.settings();
    const now = this.parts.clock.monotonic();
    const ripe: PendingJob[] = [];
    const done: PendingJob[] = [];
    let next = now + longestPauseMs;
    for (const pending of this.#pending.values()) {
      const isRead = pending.clean !== null;
      const rest = isRead ? this.#lastLook.dueAt(pending) : Number.NEGATIVE_INFINITY;
      const due = Math.max(rest, pending.dueAt(timings, this.#nudgedAt, this.#lookedAt));
      if (due > now) next = Math.min(next, due);
      else if (isRead) done.push(pending);
      else ripe.push(pending);
    }
    await this.#conclude(done, timings);
    if (ripe.length > 0) await this.#attempt(ripe, timings);
    // What was finished may be watched from now on, and is not in `next`.
    else if (done.length === 0) await this.#pause(Math.max(0, next - now));
  }

  async #conclude(read: readonly PendingJob[], timings: KeyTopicTimings): Promise<void> {
    const now = this.parts.clock.monotonic();
    const patienceMs = this.#patienceMs(timings);
    const isPatient = (pending: PendingJob): boolean => pending.isPatient(patienceMs, now);
    const done = await this.#lastLook.at(read, timings, isPatient);
    await tellAll([...done], ([pending, files]) => this.#finish(pending, timings, files));
  }

  async #finish(
    pending: PendingJob,
    timings: KeyTopicTimings,
    files: readonly FilesPass[] | undefined,
  ): Promise<void> {
    const { job, clean, erased, lateRecords } = pending;
    // While files were read it may have begun anew, or another instance may have it: what was seen before says nothing then.
    if (clean === null || this.#pending.get(job.id) !== pending) return;
    const evidence: ErasureEvidence = {
      partition: this.partition,
      passes: [...(erased?.passes ?? []), ...clean.passes],
      unseen: clean.unseen,
      unlinkedAt: Math.floor(this.parts.clock.now()),
      bound: erased?.bound ?? this.parts.erased.bound(timings),
      lateRecords: (erased?.lateRecords ?? 0) + lateRecords,
      ...(files === undefined ? {} : { files }),
    };
    const { listener } = this.parts;
    await (erased === null ? listener.gone(job.id, evidence) : listener.seen(job.id, evidence));
    // Meanwhile it may have begun anew.
    if (this.#pending.get(job.id) !== pending) return;
    this.#pending.delete(job.id);
    if (evidence.unseen.length === 0) return;
    makeRoom(this.#pending, isDone);
    const watching = new PendingJob(job, this.parts.clock, evidence);
    watching.lastAttemptAt = this.parts.clock.monotonic();
    this.#pending.set(job.id, watching);
  }

  async #attempt(ripe: readonly PendingJob[], timings: KeyTopicTimings): Promise<void> {
    const { window, clock } = this.parts;
    const replicas = await window.replicas(this.partition);
    const due = ripe.filter((pending) => this.#isInSight(pending, replicas));
    if (due.length === 0) return;
    await this.#nudgeFor(due, timings);
    const watched = [...this.#pending.values()].filter(
      (pending) => pending.clean === null && canBeSeen(pending, replicas),
    );
    const readFrom = clock.monotonic();
    if (due.some(({ isUnread }) => isUnread)) this.#lookedAt = readFrom;
    const round = await this.#read(watched, replicas);
    const now = clock.monotonic();
    for (const pending of due) {
      pending.attempts++;
      pending.lastAttemptAt = now;
      pending.readMs = now - readFrom;
    }
    for (const pending of watched) pending.isUnread = false;
    const findings = watched.map((pending): [PendingJob, Finding] => [
      pending,
      round.of(pending.job.userRef, pending.watched),
    ]);
    await this.#buryFound(findings);
    await this.#note(findings, timings, { now, readFrom });
  }

  /** What is watched and cannot be seen yet has had its look; whose broker is no replica any more is given up. */
  #isInSight(pending: PendingJob, replicas: readonly ReplicaState[]): boolean {
    if (canBeSeen(pending, replicas)) return true;
    pending.lastAttemptAt = this.parts.clock.monotonic();
    pending.hasRemains = false;
    const { watched } = pending;
    if (watched !== null && !replicas.some(({ broker }) => watched.has(broker)))
      this.#pending.delete(pending.job.id);
    return false;
  }

  /** Nudges where nothing else made the segments roll, and gives the cleaner its time then. */
  async #nudgeFor(due: readonly PendingJob[], timings: KeyTopicTimings): Promise<void> {
    const { window, clock } = this.parts;
    const fresh = due.filter(
      ({ isServed, isUnread, needsRoll, erased }) => !isServed && !isUnread && needsRoll && erased === null,
    );
    // A replica that came back may have all since in one segment: it needs another append, as what was looked at in vain does.
    const inVain = due.some(
      ({ isServed, erased, hasRemains }) => hasRemains && (isServed || erased !== null),
    );
    const from = Math.max(...fresh.map((pending) => pending.servedFrom(timings)));
    const isNeeded = inVain || (fresh.length > 0 && !(await window.appendedSince(this.partition, from)));
    if (isNeeded && clock.monotonic() - this.#nudgedAt >= nudgeSpacingMs(timings)) {
      await window.nudge(this.partition);
      this.#nudgedAt = clock.monotonic();
      await sleep(clock, paceMs(timings, 0), this.signal);
    } else if (fresh.length > 0) {
      const youngest = Math.min(...fresh.map((pending) => pending.ageMs(clock.monotonic())));
      const restMs = rollMs(timings) + rollSlackMs + paceMs(timings, 0) - youngest;
      await sleep(clock, Math.max(0, restMs), this.signal);
    }
    for (const pending of fresh) pending.isServed = true;
  }

  async #read(watched: readonly PendingJob[], replicas: readonly ReplicaState[]): Promise<ReplicaRound> {
    const { window, clock, erased } = this.parts;
    const jobs = watched.map(({ job }) => job);
    return ReplicaRound.read({
      partition: this.partition,
      replicas: replicas.filter(({ broker }) =>
        watched.some((pending) => pending.watched?.has(broker) ?? true),
      ),
      userRefs: new Set(jobs.map(({ userRef }) => userRef)),
      look: erased.look(jobs),
      window,
      clock,
      signal: this.signal,
    });
  }

  /** A record without a tombstone after it was not found before, or landed late: it gets one, and its wait begins again. */
  async #buryFound(findings: readonly [PendingJob, Finding][]): Promise<void> {
    const unburied = findings.filter(([, finding]) => finding.unburied.length > 0);
    if (unburied.length === 0) return;
    const { erased, clock, logger } = this.parts;
    const found = new Map(unburied.map(([{ job }, finding]) => [job.userRef, finding]));
    const records = await erased.bury(this.partition, found);
    const fields = { partition: this.partition, records };
    if (records > 0) logger.info(`Records of forgotten users in ${erased.place} were tombstoned.`, fields);
    for (const [pending, finding] of unburied)
      pending.buriedAgain(clock, records > 0 ? finding.unburied.length : 0);
  }

  async #note(
    findings: readonly [PendingJob, Finding][],
    timings: KeyTopicTimings,
    { now, readFrom }: { readonly now: number; readonly readFrom: number },
  ): Promise<void> {
    const { ms: boundMs } = this.parts.erased.bound(timings);
    const patienceMs = this.#patienceMs(timings);
    const open: [PendingJob, Finding][] = [];
    for (const [pending, finding] of findings) {
      pending.hasRemains = finding.values > 0;
      if (isClean(finding, pending.isPatient(patienceMs, now))) {
        // A long read says nothing of what landed while it went on.
        if (!pending.isSettled(timings, readFrom)) continue;
        pending.clean = { at: now, passes: finding.passes, unseen: unseenBy(pending, finding) };
        pending.blockage = null;
      } else if (pending.erased === null) open.push([pending, finding]);
    }
    await this.#teller.tell(open, boundMs, now);
  }

  #patienceMs(timings: KeyTopicTimings): number {
    return this.parts.patienceMs ?? this.parts.erased.bound(timings).ms ?? Number.POSITIVE_INFINITY;
  }

  /** A round that fails has no findings: the partition's condition may say why all the same. */
  async #askWhyItFails(): Promise<void> {
    try {
      await this.#teller.tellAll([...this.#pending.values()].filter(({ erased }) => erased === null));
    } catch (error) {
      if (!this.signal.aborted) this.#report(error, 0);
    }
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
    this.parts.logger.warn(
      `Erasing in a partition of ${this.parts.erased.place} failed and is tried again.`,
      {
        partition: this.partition,
        pending: this.#pending.size,
        failures,
        error: codeOf(error),
      },
    );
  }
}

/** But for replicas that were unseen. */
function isDone({ erased }: PendingJob): boolean {
  return erased !== null;
}

function canBeSeen({ watched }: PendingJob, replicas: readonly ReplicaState[]): boolean {
  return watched === null || replicas.some(({ broker, isLive }) => isLive && watched.has(broker));
}

/** Without patience replicas that cannot be seen are named and held against nobody. */
function isClean({ values, passes, unseen, isSettling }: Finding, isPatient: boolean): boolean {
  return values === 0 && !isSettling && passes.length > 0 && (unseen.length === 0 || !isPatient);
}

/** Of what was watched, all that was not seen now, whether it was looked at or not. */
function unseenBy({ erased }: PendingJob, { passes, unseen }: Finding): ErasureEvidence['unseen'] {
  if (erased === null) return unseen;
  const seen = new Set(passes.map(({ replica }) => replica));
  return erased.unseen
    .filter(({ replica }) => !seen.has(replica))
    .map((before) => unseen.find(({ replica }) => replica === before.replica) ?? before);
}
