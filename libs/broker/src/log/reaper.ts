import type { Clock, Disk, Timer } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { deletedSuffix } from './file-names.js';
import type { Segment } from './segment.js';

/**
 * Unlinks what was marked as deleted after file.delete.delay.ms, so that readers under way can finish. One thing after the other:
 * freeing a large file takes a thread of the disk's for long, and readers need the others.
 */
export class Reaper {
  readonly #waiting = new Map<() => Promise<void>, Timer>();
  #stopped = false;
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly disk: Disk,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Renames the segments' files to `….deleted` now and unlinks them later, with the producer snapshots that went with them and have
   * that name already. Resolves when the new names survive a power cut.
   */
  async takeSegments(
    segments: readonly Segment[],
    snapshots: readonly string[],
    delayMs: number,
  ): Promise<void> {
    for (const segment of segments) segment.changeSuffix(deletedSuffix);
    const [first] = segments;
    if (first === undefined) return;
    this.#later(delayMs, () => this.#removeSegments(segments, first.directory, snapshots));
    await this.disk.syncDirectory(first.directory);
  }

  takeDirectory(directory: string, parent: string, delayMs: number): void {
    this.#later(delayMs, async () => {
      await this.disk.removeDirectory(directory);
      await this.disk.syncDirectory(parent);
    });
  }

  /** Ends waiting; resolves when nothing is being unlinked. As with Kafka, what is left keeps its name: the next start removes it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    await this.#last;
  }

  async #removeSegments(
    segments: readonly Segment[],
    directory: string,
    snapshots: readonly string[],
  ): Promise<void> {
    for (const segment of segments) segment.close();
    try {
      for (const segment of segments) await segment.unlink();
      for (const path of snapshots) if (this.disk.existsSync(path)) await this.disk.removeFile(path);
      await this.disk.syncDirectory(directory);
    } catch (error) {
      // The whole topic may have been deleted meanwhile.
      if (this.disk.existsSync(directory)) throw error;
    }
  }

  #later(delayMs: number, work: () => Promise<void>): void {
    this.#waiting.set(
      work,
      this.clock.schedule(delayMs, () => {
        this.#waiting.delete(work);
        this.#last = this.#last.then(() => this.#do(work));
      }),
    );
  }

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    try {
      await work();
    } catch (error) {
      // What is left keeps its .deleted or -delete name: the next start removes it.
      this.logger.error('deleted files could not be removed; the next start tries again', {
        cause: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
