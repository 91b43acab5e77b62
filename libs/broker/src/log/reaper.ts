import type { Clock, Disk, Timer } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { deletedSuffix } from './file-names.js';
import type { Segment } from './segment.js';

/** Unlinks what was marked as deleted after file.delete.delay.ms, so that readers under way can finish. */
export class Reaper {
  readonly #waiting = new Map<() => void, Timer>();

  constructor(
    private readonly disk: Disk,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Renames the segments' files to `….deleted` now and unlinks them later, with the producer snapshots that went with them and have
   * that name already.
   */
  takeSegments(segments: readonly Segment[], snapshots: readonly string[], delayMs: number): void {
    for (const segment of segments) segment.changeSuffix(deletedSuffix);
    const [first] = segments;
    if (first === undefined) return;
    this.disk.syncDirectorySync(first.directory);
    this.#later(delayMs, () => {
      // The whole topic may have been deleted meanwhile.
      if (!this.disk.existsSync(first.directory)) return;
      for (const segment of segments) segment.removeFiles();
      for (const path of snapshots) if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
      this.disk.syncDirectorySync(first.directory);
    });
  }

  takeDirectory(directory: string, parent: string, delayMs: number): void {
    this.#later(delayMs, () => {
      this.disk.removeDirectorySync(directory);
      this.disk.syncDirectorySync(parent);
    });
  }

  /** Ends waiting. As with Kafka, what was not unlinked yet keeps its name: the next start removes it. */
  stop(): void {
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  #later(delayMs: number, work: () => void): void {
    this.#waiting.set(
      work,
      this.clock.schedule(delayMs, () => this.#do(work)),
    );
  }

  #do(work: () => void): void {
    this.#waiting.delete(work);
    try {
      work();
    } catch (error) {
      // What is left keeps its .deleted or -delete name: the next start removes it.
      this.logger.error('deleted files could not be removed; the next start tries again', {
        cause: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
