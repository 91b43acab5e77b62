import { sleep } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { BlockedPartition } from '../nudger/blockage.js';
import type { NudgeJob, NudgeListener } from '../nudger/nudge-job.js';
import { PartitionFlows } from '../nudger/partition-flows.js';
import { makeRoom } from '../nudger/watched.js';
import type { ErasureEvidence } from '../verification/erasure-evidence.js';
import type { TopicPartitionEvidence } from './topic-erasure.js';
import type { TopicEraser, TopicEraserParts, TopicJob } from './topic-eraser.js';
import { tombstoneBound, topicRecords } from './topic-records.js';

const longestBackoffMs = 30_000;

/** What is known of one job, by partition. */
interface Progress {
  readonly partitions: readonly number[];
  readonly evidence: Map<number, TopicPartitionEvidence>;
  /** It was told of, but for replicas that were unseen. */
  isDone: boolean;
}

/**
 * Finds a user's records in a compacted topic by their keys, sends a record without a value behind each, and nudges until every replica
 * of every partition was read without one. The user's records stand in one partition, unless partitions were added: all are read.
 */
export class TombstoneEraser implements TopicEraser {
  readonly #parts: TopicEraserParts;
  readonly #flows: PartitionFlows;
  readonly #closing = new AbortController();
  readonly #progress = new Map<string, Progress>();
  /** Not yet with the flows of the partitions. */
  readonly #waiting = new Map<string, TopicJob>();
  #spreading: Promise<void> | null = null;

  constructor(parts: TopicEraserParts) {
    this.#parts = parts;
    this.#flows = new PartitionFlows({
      ...parts,
      erased: topicRecords(parts.window),
      listener: this.#listener(),
    });
  }

  add(job: TopicJob): void {
    if (this.#closing.signal.aborted || this.#waiting.has(job.id) || this.#progress.has(job.id)) return;
    this.#waiting.set(job.id, job);
    this.#spreading ??= this.#spread();
  }

  release(): void {
    this.#waiting.clear();
    this.#progress.clear();
    this.#flows.release();
  }

  get blocked(): readonly BlockedPartition[] {
    return this.#flows.blocked;
  }

  async boundMs(): Promise<number | null> {
    return tombstoneBound(await this.#parts.window.settings()).ms;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#spreading, this.#flows.close()]);
    await this.#parts.window.close();
  }

  /** To the flows of all partitions. */
  async #spread(): Promise<void> {
    const { window, clock, logger } = this.#parts;
    for (let failures = 0; this.#waiting.size > 0 && !this.#closing.signal.aborted;) {
      try {
        const partitions = await window.partitions();
        for (const job of this.#waiting.values()) this.#begin(job, partitions);
        this.#waiting.clear();
        failures = 0;
      } catch (error) {
        failures++;
        logger.warn(`The partitions of topic ${window.topic} could not be looked up; tried again.`, {
          error: codeOf(error),
        });
        const pauseMs = Math.min(longestBackoffMs, 100 * 2 ** Math.min(failures, 12));
        await sleep(clock, pauseMs, this.#closing.signal).catch(() => undefined);
      }
    }
    // At once: what is added from now on begins another.
    this.#spreading = null;
  }

  #begin(job: TopicJob, partitions: readonly number[]): void {
    const { id, userRef, lifecycle, forgottenAt: fencedAt, evidence } = job;
    const known = new Map((evidence ?? []).map((one) => [one.partition, one]));
    // What was done before partitions were added is not begun anew in those.
    const concerned = evidence === null ? partitions : [...known.keys()];
    const progress = { partitions: concerned, evidence: known, isDone: evidence !== null };
    if (progress.isDone) this.#makeRoom();
    this.#progress.set(id, progress);
    for (const partition of concerned) {
      const before = known.get(partition);
      const begun: NudgeJob = { id, userRef, lifecycle, fencedAt, isUnread: true };
      if (before === undefined) this.#flows.add(partition, begun);
      else if (before.unseen.length > 0)
        this.#flows.add(partition, { ...begun, erased: asErasureEvidence(before) });
    }
  }

  #listener(): NudgeListener {
    const { listener, window } = this.#parts;
    return {
      standing: (id, records) => listener.standing(id, window.topic, records),
      blocked: (id, blockage) => listener.blocked(id, window.topic, blockage),
      gone: (id, evidence) => this.#take(id, evidence),
      seen: (id, evidence) => this.#take(id, evidence),
    };
  }

  async #take(
    id: string,
    { partition, passes, unseen, unlinkedAt, lateRecords }: ErasureEvidence,
  ): Promise<void> {
    const progress = this.#progress.get(id);
    if (progress === undefined) return;
    const { partitions, evidence } = progress;
    evidence.set(partition, { partition, mark: null, tombstones: lateRecords, passes, unseen, unlinkedAt });
    if (!partitions.every((one) => evidence.has(one))) return;
    const all = [...evidence.values()].sort((a, b) => a.partition - b.partition);
    await this.#parts.listener.gone(id, this.#parts.window.topic, all);
    // What is unseen is watched, and told of again.
    if (this.#progress.get(id) !== progress) return;
    this.#progress.delete(id);
    if (all.every((one) => one.unseen.length === 0)) return;
    progress.isDone = true;
    this.#makeRoom();
    this.#progress.set(id, progress);
  }

  #makeRoom(): void {
    makeRoom(this.#progress, ({ isDone }) => isDone);
  }
}

/** For the nudger, which goes on watching. */
function asErasureEvidence({
  partition,
  passes,
  unseen,
  unlinkedAt,
  tombstones,
}: TopicPartitionEvidence): ErasureEvidence {
  const read = passes.map((pass) => ({ ...pass, records: pass.records ?? 0 }));
  return {
    partition,
    passes: read,
    unseen,
    unlinkedAt,
    lateRecords: tombstones,
    bound: { ms: null, terms: [] },
  };
}
