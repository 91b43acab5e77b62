import { sleep } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import { readCleanupSettings, type CleanupSettings } from '../guard/cleanup-settings.js';
import { blockageBy, blockageByUnseen, retentionStuck, type Blockage } from '../nudger/blockage.js';
import type { BlockedPartition } from '../nudger/blockage.js';
import { expiryBound, lookPauseMs, settleMs, unlinkMs } from './expiry-bound.js';
import { ExpiryJob } from './expiry-job.js';
import { lookAtExtents, standingTo, type ExpiryFinding, type ExpiryLook } from './expiry-round.js';
import type { PartitionMark } from './topic-erasure.js';
import type { TopicEraser, TopicEraserParts, TopicJob } from './topic-eraser.js';

const longestBackoffMs = 30_000;
/** Of jobs that are done but for a replica, more are known to the ledger alone. */
const mostWatched = 20_000;

/**
 * Waits until retention has taken a user's records out of a topic: it marks where the partitions end once nothing more of the user can
 * land, and looks until the log of every replica begins behind the marks. Nothing is read and nothing written.
 */
export class ExpiryEraser implements TopicEraser {
  readonly #parts: TopicEraserParts;
  readonly #closing = new AbortController();
  readonly #jobs = new Map<string, ExpiryJob>();
  readonly #blocked = new Map<number, { readonly blockage: Blockage; readonly since: number }>();
  #running: Promise<void> | null = null;

  constructor(parts: TopicEraserParts) {
    this.#parts = parts;
  }

  add(job: TopicJob): void {
    if (this.#closing.signal.aborted || this.#jobs.has(job.id)) return;
    this.#jobs.set(job.id, new ExpiryJob(job, this.#parts.clock));
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  release(): void {
    this.#jobs.clear();
  }

  get blocked(): readonly BlockedPartition[] {
    const jobs = [...this.#jobs.values()].filter(({ blockage }) => blockage !== null).length;
    return [...this.#blocked].map(([partition, { blockage, since }]) => ({
      partition,
      ...blockage,
      since,
      jobs,
    }));
  }

  async boundMs(): Promise<number | null> {
    return expiryBound(await this.#settings()).ms;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#parts.window.close();
  }

  async #run(): Promise<void> {
    const { clock, logger, window } = this.#parts;
    for (let failures = 0; this.#jobs.size > 0 && !this.#closing.signal.aborted;) {
      let pauseMs: number;
      try {
        pauseMs = await this.#round();
        failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        failures++;
        pauseMs = Math.min(longestBackoffMs, 100 * 2 ** Math.min(failures, 12));
        const fields = { pending: this.#jobs.size, failures, error: codeOf(error) };
        logger.warn(`Looking whether records of topic ${window.topic} expired failed; tried again.`, fields);
      }
      if (this.#jobs.size > 0) await sleep(clock, pauseMs, this.#closing.signal).catch(() => undefined);
    }
  }

  /** Gives the pause until the next. */
  async #round(): Promise<number> {
    const settings = await this.#settings();
    await this.#mark(settings);
    await this.#look(settings);
    await this.#finish(settings);
    return lookPauseMs(settings);
  }

  async #settings(): Promise<CleanupSettings> {
    const { topic, broker } = await this.#parts.window.configs();
    return readCleanupSettings(named(topic), named(broker));
  }

  async #mark(settings: CleanupSettings): Promise<void> {
    const { window, clock, listener } = this.#parts;
    const now = clock.monotonic();
    const due = [...this.#jobs.values()].filter(
      (job) => job.marks === null && job.ageMs(now) >= settleMs(settings),
    );
    if (due.length === 0) return;
    const partitions = await window.partitions();
    const marks = await Promise.all(
      partitions.map(async (partition) => ({ partition, offset: `${await window.end(partition)}` })),
    );
    await listener.marked(
      due.map(({ job }) => job.id),
      window.topic,
      marks,
    );
    for (const job of due) job.marks = marks;
  }

  async #look(settings: CleanupSettings): Promise<void> {
    const { window, clock } = this.#parts;
    const open = [...this.#jobs.values()].filter(({ marks, expired }) => marks !== null && expired === null);
    const wanted = new Set(open.flatMap(({ marks }) => (marks ?? []).map(({ partition }) => partition)));
    const looks = new Map<number, ExpiryLook>();
    for (const partition of wanted) looks.set(partition, await lookAtExtents(window, partition, clock));
    const now = clock.monotonic();
    const { ms: boundMs } = expiryBound(settings);
    const patienceMs = this.#parts.patienceMs ?? boundMs ?? Number.POSITIVE_INFINITY;
    const standing = new Map<ExpiryJob, ReadonlyMap<PartitionMark, ExpiryFinding>>();
    for (const job of open) {
      const findings = new Map<PartitionMark, ExpiryFinding>();
      for (const mark of job.marks ?? []) {
        const look = looks.get(mark.partition);
        if (look !== undefined) findings.set(mark, standingTo(look, mark));
      }
      if (!job.take(findings, job.ageMs(now) < patienceMs, now) && !job.isDone) standing.set(job, findings);
    }
    await this.#tell(standing, boundMs, now);
  }

  /** What stands, and why. */
  async #tell(
    standing: ReadonlyMap<ExpiryJob, ReadonlyMap<PartitionMark, ExpiryFinding>>,
    boundMs: number | null,
    now: number,
  ): Promise<void> {
    const { window, listener, clock } = this.#parts;
    const conditions = new Map<number, Blockage | null>();
    const blocked = new Set<number>();
    for (const [job, findings] of standing) {
      let why: Blockage | null = null;
      for (const [{ partition }, finding] of findings) {
        if (finding.standing.length === 0 && finding.unseen.length === 0) continue;
        if (!conditions.has(partition)) conditions.set(partition, await this.#condition(partition));
        const held = conditions.get(partition) ?? null;
        const isLate = boundMs !== null && job.ageMs(now) > boundMs;
        const own = held ?? (isLate || finding.standing.length === 0 ? alone(finding, boundMs) : null);
        if (own === null) continue;
        why ??= own;
        blocked.add(partition);
        if (this.#blocked.get(partition)?.blockage.message !== own.message)
          this.#blocked.set(partition, { blockage: own, since: Math.floor(clock.now()) });
      }
      await this.#tellOne(job, why, listener, window.topic);
    }
    for (const partition of this.#blocked.keys())
      if (!blocked.has(partition)) this.#blocked.delete(partition);
  }

  async #tellOne(
    job: ExpiryJob,
    why: Blockage | null,
    listener: TopicEraserParts['listener'],
    topic: string,
  ): Promise<void> {
    const { id } = job.job;
    if (why !== null && why.message !== job.blockage?.message) {
      await listener.blocked(id, topic, why);
      job.wasTold = false;
    } else if (why === null && !job.wasTold) {
      await listener.standing(id, topic, null);
      job.wasTold = true;
    }
    job.blockage = why;
  }

  /** Open transactions do not hold up retention. */
  async #condition(partition: number): Promise<Blockage | null> {
    return blockageBy({ ...(await this.#parts.window.condition(partition)), openTransactions: [] });
  }

  async #finish(settings: CleanupSettings): Promise<void> {
    const { clock, listener, window } = this.#parts;
    const now = clock.monotonic();
    for (const [id, job] of this.#jobs) {
      const { expired } = job;
      if (expired === null || now - expired.at < unlinkMs(settings)) continue;
      const unlinkedAt = Math.floor(clock.now());
      const evidence = expired.evidence.map((one) => ({ ...one, unlinkedAt }));
      await listener.gone(id, window.topic, evidence);
      this.#jobs.delete(id);
      const watched = [...this.#jobs.values()].filter(({ isDone }) => isDone).length;
      if (evidence.some(({ unseen }) => unseen.length > 0) && watched < mostWatched)
        this.#jobs.set(id, new ExpiryJob({ ...job.job, marks: job.marks, evidence }, clock));
    }
  }
}

function alone({ standing, unseen }: ExpiryFinding, boundMs: number | null): Blockage | null {
  if (standing.length > 0 && boundMs !== null) return retentionStuck(standing, boundMs);
  return unseen.length > 0 ? blockageByUnseen(unseen) : null;
}

function named(configs: ReadonlyMap<string, string | null>): Record<string, string> {
  return Object.fromEntries([...configs].flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
