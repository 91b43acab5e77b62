import type { Clock } from '@oubliette/runtime';
import type { PartitionCourse } from './partition-course.js';

/** How much of the replay is done, in offsets over all partitions. */
export interface KeyTopicProgress {
  readonly read: bigint;
  readonly total: bigint;
}

/** At least so long between two calls, but for the last one of a replay. */
const everyMs = 100;

/** Tells how far replays have come, at most ten times a second, and when all are done. */
export class ReplayProgress {
  readonly #clock: Clock;
  readonly #tell: (progress: KeyTopicProgress) => void;
  #isReplaying = true;
  #toldAt: number | null = null;

  constructor(clock: Clock, tell: (progress: KeyTopicProgress) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  report(courses: Iterable<PartitionCourse>): void {
    let isReplaying = false;
    let read = 0n;
    let total = 0n;
    for (const { isReplaying: stillReplays, progress } of courses) {
      isReplaying ||= stillReplays;
      read += progress.read;
      total += progress.total;
    }
    const isNews = isReplaying ? this.#isDue() : this.#isReplaying;
    this.#isReplaying = isReplaying;
    if (isNews) this.#tell({ read, total });
  }

  #isDue(): boolean {
    const now = this.#clock.monotonic();
    if (this.#toldAt !== null && now - this.#toldAt < everyMs) return false;
    this.#toldAt = now;
    return true;
  }
}
