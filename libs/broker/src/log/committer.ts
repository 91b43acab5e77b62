import type { Segment } from './segment.js';
import { Deferred } from './deferred.js';
import { asError } from './storage-error.js';

/** An append that has its place in the log and is not written yet. */
export interface TakenAppend {
  readonly segment: Segment;
  /** Empty for a retry of an append that is already on its way or on disk: it only waits for the sync. */
  readonly bytes: Uint8Array;
  readonly position: number;
  /** The offset behind its last record. */
  readonly nextOffset: bigint;
  /** Takes its effects in memory and on disk back. */
  readonly undo: () => void;
}

/** An append in the queue. */
export class PendingAppend {
  readonly kind = 'append';
  readonly written = new Deferred();
  readonly synced = new Deferred();

  constructor(
    readonly taken: TakenAppend,
    readonly durable: boolean,
  ) {}

  undo(): void {
    this.taken.undo();
  }
}

/** Work between two appends, such as sealing a segment: what was queued before it is written, what is behind it is not yet. */
export interface PendingStep {
  readonly kind: 'step';
  /** A rejection breaks the log, unless `changedNothing` says that this one left everything as it was. */
  readonly run: () => Promise<void>;
  readonly changedNothing?: (error: unknown) => boolean;
  readonly undo: () => void;
}

/** What the committer reports. */
export interface CommitListener {
  /** All bytes of the segment up to `position`, and all records below `nextOffset`, may be read. */
  published(segment: Segment, position: number, nextOffset: bigint): void;
  /** Resolves when everything in the segments before is synced, rejects when that failed; null when it is. */
  earlierSynced(): Promise<void> | null;
  /** All records below `nextOffset` are on disk. */
  synced(nextOffset: bigint): void;
  /** Nothing of the log can be trusted to reach the disk any more. */
  broken(error: Error): void;
  /** Appends could not be written and were taken back. */
  takenBack(error: Error, appends: number): void;
}

/** More buffers than one writev takes (IOV_MAX is 1024 on Linux) are no gain. */
const maxGroup = 1_024;

/**
 * Writes queued appends in order: one write for all that wait, then, when one of them asked for it, one sync for all. While a
 * sync is under way the next group gathers. One for each log.
 */
export class Committer {
  #queue: (PendingAppend | PendingStep)[] = [];
  #running: Promise<void> | null = null;
  #failure: Error | null = null;

  constructor(private readonly listener: CommitListener) {}

  /** Whether something is on its way, so that a direct write would overtake it. */
  get isBusy(): boolean {
    return this.#running !== null;
  }

  enqueue(item: PendingAppend | PendingStep): void {
    this.#queue.push(item);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** Takes nothing any more: what was written before may not have reached the disk. */
  fail(error: Error): void {
    this.#break(error, []);
  }

  async #run(): Promise<void> {
    // What is appended within this turn of the event loop shall share one group.
    await Promise.resolve();
    try {
      for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
        if (this.#failure !== null) this.#rejectAll(this.#failure, this.#queue.splice(0));
        else if (item.kind === 'step') await this.#step(item);
        else await this.#commit(this.#takeGroup(item.taken.segment));
      }
    } finally {
      // In the same step as the look at the empty queue: what is enqueued from now on starts a new run.
      this.#running = null;
    }
  }

  async #step(step: PendingStep): Promise<void> {
    this.#queue.shift();
    try {
      await step.run();
    } catch (error) {
      const isAsBefore = step.changedNothing?.(error) ?? false;
      if (isAsBefore) this.#takeBack(asError(error), [step, ...this.#queue.splice(0)]);
      else this.#break(asError(error), []);
    }
  }

  #takeGroup(segment: Segment): PendingAppend[] {
    let length = 0;
    for (const item of this.#queue) {
      if (item.kind === 'step' || item.taken.segment !== segment || length === maxGroup) break;
      length++;
    }
    return this.#queue.splice(0, length) as PendingAppend[];
  }

  async #commit(group: readonly PendingAppend[]): Promise<void> {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return;
    const { file } = first.taken.segment;
    try {
      await file.write(
        group.map(({ taken }) => taken.bytes),
        first.taken.position,
      );
    } catch (error) {
      this.#takeBack(asError(error), [...group, ...this.#queue.splice(0)]);
      return;
    }
    for (const append of group) append.written.resolve();
    if (group.some((append) => append.durable)) {
      try {
        const earlier = this.listener.earlierSynced();
        await file.sync();
        if (earlier !== null) await earlier;
      } catch (error) {
        // After a failed sync the kernel may drop the dirty pages: what is on disk is unknown.
        this.#break(asError(error), group);
        return;
      }
      this.listener.synced(last.taken.nextOffset);
    }
    const { segment, position, bytes, nextOffset } = last.taken;
    this.listener.published(segment, position + bytes.length, nextOffset);
    for (const append of group) append.synced.resolve();
  }

  #takeBack(error: Error, items: readonly (PendingAppend | PendingStep)[]): void {
    try {
      for (const item of [...items].reverse()) item.undo();
    } catch (cause) {
      this.#break(asError(cause), items);
      return;
    }
    this.listener.takenBack(error, items.filter((item) => item.kind === 'append').length);
    this.#rejectAll(error, items);
  }

  #break(error: Error, items: readonly (PendingAppend | PendingStep)[]): void {
    if (this.#failure === null) {
      this.#failure = error;
      this.listener.broken(error);
    }
    this.#rejectAll(error, items);
  }

  #rejectAll(error: Error, items: readonly (PendingAppend | PendingStep)[]): void {
    for (const item of items) {
      if (item.kind === 'step') continue;
      item.written.reject(error);
      item.synced.reject(error);
    }
  }
}
