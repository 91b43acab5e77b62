import type { Clock } from '@oubliette/runtime';
import type { Blockage } from '../nudger/blockage.js';
import type { ExpiryFinding } from './expiry-round.js';
import type { PartitionMark, TopicPartitionEvidence } from './topic-erasure.js';
import type { TopicJob } from './topic-eraser.js';

/** What a look showed by which nothing is left. Time on the monotonic clock. */
export interface ExpiredLook {
  readonly at: number;
  readonly evidence: readonly Omit<TopicPartitionEvidence, 'unlinkedAt'>[];
}

/** A job of the expiry eraser and what it has seen of it. Times on the monotonic clock, in ms. */
export class ExpiryJob {
  readonly #forgottenAt: number;
  marks: readonly PartitionMark[] | null;
  /** What was told, of what is done but for unseen replicas. */
  readonly evidence: Map<number, TopicPartitionEvidence>;
  readonly isDone: boolean;
  expired: ExpiredLook | null = null;
  blockage: Blockage | null = null;
  wasTold = false;

  constructor(
    readonly job: TopicJob,
    clock: Clock,
  ) {
    this.#forgottenAt = clock.monotonic() - Math.max(0, clock.now() - job.forgottenAt);
    this.marks = job.marks;
    this.isDone = job.evidence !== null;
    this.evidence = new Map((job.evidence ?? []).map((one) => [one.partition, one]));
  }

  ageMs(now: number): number {
    return now - this.#forgottenAt;
  }

  /**
   * Where a log ends before a mark it was cut, or its topic made anew: what stands of the user stands before its present end, and offsets up
   * to the mark come again.
   */
  cut(endOf: (partition: number) => bigint | undefined): void {
    this.marks =
      this.marks?.map((mark) => {
        const end = endOf(mark.partition);
        return end === undefined || end >= BigInt(mark.offset) ? mark : { ...mark, offset: `${end}` };
      }) ?? null;
  }

  /** Merges a look at each of its partitions; true: nothing is left that anybody can see. */
  take(findings: ReadonlyMap<PartitionMark, ExpiryFinding>, isPatient: boolean, now: number): boolean {
    const evidence: Omit<TopicPartitionEvidence, 'unlinkedAt'>[] = [];
    let news = !this.isDone;
    for (const [{ partition, offset: mark }, { passes, standing, unseen, isSettling }] of findings) {
      const before = this.evidence.get(partition);
      if (before !== undefined) {
        const missing = new Set(before.unseen.map(({ replica }) => replica));
        const back = passes.filter(({ replica }) => missing.has(replica));
        news ||= back.length > 0;
        const seen = new Set(back.map(({ replica }) => replica));
        const still = before.unseen.filter(({ replica }) => !seen.has(replica));
        evidence.push({ ...before, passes: [...before.passes, ...back], unseen: still });
        continue;
      }
      if (standing.length > 0 || isSettling || passes.length === 0) return false;
      if (unseen.length > 0 && isPatient) return false;
      evidence.push({ partition, mark, tombstones: 0, passes, unseen });
    }
    if (!news) return false;
    this.expired = { at: now, evidence };
    return true;
  }
}
