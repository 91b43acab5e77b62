import { sleep } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import { readCleanupSettings, type CleanupSettings } from '../guard/cleanup-settings.js';
import type { BlockedPartition } from '../nudger/blockage.js';
import { tellAll } from '../nudger/tell-all.js';
import { makeRoom } from '../nudger/watched.js';
import { expiryBound, lookPauseMs, settleMs, unlinkMs } from './expiry-bound.js';
import { ExpiryJob } from './expiry-job.js';
import { lookAtExtents, standingTo, type ExpiryFinding, type ExpiryLook } from './expiry-round.js';
import { ExpiryTeller, type ExpiryFindings } from './expiry-teller.js';
import type { PartitionMark } from './topic-erasure.js';
import type { TopicEraser, TopicEraserParts, TopicJob } from './topic-eraser.js';

const longestBackoffMs = 30_000;

/**
 * Waits until retention has taken a user's records out of a topic: it marks where the partitions end once nothing more of the user can
 * land, and looks until the log of every replica begins behind the marks. Nothing is read and nothing written.
 */
export class ExpiryEraser implements TopicEraser {
  readonly #parts: TopicEraserParts;
  readonly #closing = new AbortController();
  readonly #jobs = new Map<string, ExpiryJob>();
  readonly #teller: ExpiryTeller;
  #running: Promise<void> | null = null;

  constructor(parts: TopicEraserParts) {
    this.#parts = parts;
    this.#teller = new ExpiryTeller(parts);
  }

  add(job: TopicJob): void {
    if (this.#closing.signal.aborted || this.#jobs.has(job.id)) return;
    this.#set(job);
    this.#running ??= this.#run();
  }

  release(): void {
    this.#jobs.clear();
  }

  get blocked(): readonly BlockedPartition[] {
    return this.#teller.blocked(this.#jobs.values());
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
        if (this.#closing.signal.aborted) break;
        failures++;
        pauseMs = Math.min(longestBackoffMs, 100 * 2 ** Math.min(failures, 12));
        const fields = { pending: this.#jobs.size, failures, error: codeOf(error) };
        logger.warn(`Looking whether records of topic ${window.topic} expired failed; tried again.`, fields);
        if (failures >= 2) await this.#askWhyItFails();
      }
      if (this.#jobs.size > 0) await sleep(clock, pauseMs, this.#closing.signal).catch(() => undefined);
    }
    // At once: what is added from now on begins another.
    this.#running = null;
  }

  /** Gives the pause until the next. */
  async #round(): Promise<number> {
    const settings = await this.#settings();
    // First: what cannot be looked at holds up nobody who is done.
    await this.#finish(settings);
    await this.#mark(settings);
    await this.#look(settings);
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
    const standing = new Map<ExpiryJob, ExpiryFindings>();
    // Who was marked together is judged together.
    const known = new Map<string, ExpiryFinding>();
    for (const job of open) {
      job.cut((partition) => looks.get(partition)?.end);
      const findings = new Map<PartitionMark, ExpiryFinding>();
      for (const mark of job.marks ?? []) {
        const place = `${mark.partition} ${mark.offset}`;
        const look = looks.get(mark.partition);
        const finding = known.get(place) ?? (look && standingTo(look, mark));
        if (finding === undefined) continue;
        known.set(place, finding);
        findings.set(mark, finding);
      }
      if (!job.take(findings, job.ageMs(now) < patienceMs, now) && !job.isDone) standing.set(job, findings);
    }
    await this.#teller.tell(standing, boundMs, now);
  }

  /** A round that fails has no findings: the partitions' condition may say why all the same. */
  async #askWhyItFails(): Promise<void> {
    const { logger, window } = this.#parts;
    const open = [...this.#jobs.values()].filter(({ isDone, expired }) => !isDone && expired === null);
    try {
      await this.#teller.tellCondition(open);
    } catch (error) {
      const fields = { pending: open.length, error: codeOf(error) };
      logger.warn(`Why records of topic ${window.topic} cannot be looked at is not known.`, fields);
    }
  }

  async #finish(settings: CleanupSettings): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const done = [...this.#jobs.values()].filter(
      ({ expired }) => expired !== null && now - expired.at >= unlinkMs(settings),
    );
    await tellAll(done, async (job) => {
      const unseen = await this.#finishOne(job);
      if (unseen !== null) this.#set(unseen);
    });
  }

  #set(given: TopicJob): void {
    const job = new ExpiryJob(given, this.#parts.clock);
    if (job.isDone) makeRoom(this.#jobs, ({ isDone }) => isDone);
    this.#jobs.set(given.id, job);
  }

  /** Gives what is to be watched of it; null: nothing. */
  async #finishOne(job: ExpiryJob): Promise<TopicJob | null> {
    const { clock, listener, window } = this.#parts;
    const { id } = job.job;
    const unlinkedAt = Math.floor(clock.now());
    const evidence = job.expired?.evidence.map((one) => ({ ...one, unlinkedAt })) ?? [];
    await listener.gone(id, window.topic, evidence);
    // Meanwhile it may have been left to another instance.
    if (this.#jobs.get(id) !== job) return null;
    this.#jobs.delete(id);
    const isUnseen = evidence.some(({ unseen }) => unseen.length > 0);
    return isUnseen ? { ...job.job, marks: job.marks, evidence } : null;
  }
}

function named(configs: ReadonlyMap<string, string | null>): Record<string, string> {
  return Object.fromEntries([...configs].flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
