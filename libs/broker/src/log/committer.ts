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
    /** Whether it, and what is behind it, may be read and answered only once it is synced. */
    readonly isFlush = false,
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
  /** All bytes of the segment up to `position`, and all records below `nextOffset`, are written and may be read. */
  published(segment: Segment, position: number, nextOffset: bigint): void;
  /** Resolves when everything in the segments before is synced, rejects when that failed; null when it is. */
  earlierSynced(): Promise<void> | null;
  /** All records below `nextOffset` are on disk. */
  synced(nextOffset: bigint): void;
  /** All records below `nextOffset` are written, and synced where that was asked for. */
  settled(nextOffset: bigint): void;
  /** Nothing of the log can be trusted to reach the disk any more. */
  broken(error: Error): void;
  /** Appends could not be written and were taken back. */
  takenBack(error: Error, appends: number): void;
}

/** More buffers than one writev takes (IOV_MAX is 1024 on Linux) are no gain. */
const maxGroup = 1_024;

/**
 * Writes queued appends in order: one write for all that wait, then, when one of them asked for it, one sync for all. As on Kafka's
 * only replica, what is written may be read, whatever sync is still to come; but for one that is a flush, as UnifiedLog.append holds
 * its lock over it. While a sync is under way the next group gathers; up to the last of it that waits for no sync, it is written
 * meanwhile: such an append is answered whatever others wait for. One for each log.
 */
export class Committer {
  #queue: (PendingAppend | PendingStep)[] = [];
  /** Written during a sync that does not cover them; oldest first, of one segment. */
  #ahead: PendingAppend[] = [];
  /** The segment that is being synced for others than a flush. */
  #syncing: Segment | null = null;
  #writingAhead: Promise<void> | null = null;
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
    if (item.kind === 'append' && !item.durable) this.#writeAhead();
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
      for (let item = this.#next; item !== undefined; item = this.#next) {
        if (this.#failure !== null)
          this.#rejectAll(this.#failure, [...this.#ahead.splice(0), ...this.#queue.splice(0)]);
        else if (item.kind === 'step') await this.#step(item);
        else await this.#commit(item.taken.segment);
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

  get #next(): PendingAppend | PendingStep | undefined {
    return this.#ahead[0] ?? this.#queue[0];
  }

  /** Those at the head of the queue that one write takes; `ahead` of their turn no more than appends of no sync need. */
  #takeGroup(segment: Segment, ahead = false): PendingAppend[] {
    let length = 0;
    let needed = 0;
    for (const item of this.#queue) {
      if (item.kind === 'step' || item.taken.segment !== segment || length === maxGroup) break;
      if (ahead && item.isFlush) break;
      length++;
      if (!item.durable) needed = length;
    }
    return this.#queue.splice(0, ahead ? needed : length) as PendingAppend[];
  }

  async #commit(segment: Segment): Promise<void> {
    const rest = this.#takeGroup(segment);
    const flush = rest.findIndex(({ isFlush }) => isFlush);
    const held = flush < 0 ? [] : rest.slice(flush);
    const isWritten = await this.#write(rest, held.length);
    // What was written before this write stays, whatever became of it.
    const group = [...this.#ahead.splice(0), ...(isWritten ? rest : [])];
    const isSafe =
      !group.some((append) => append.durable) || (await this.#sync(segment, group, held.length > 0));
    if (isSafe) {
      if (isWritten) this.#publish(held);
      this.#settle(group);
    }
    // The end of what is written is known again, and nobody who was written ahead is forgotten.
    await this.#writingAhead;
  }

  /** May be read from now on, before anybody hears that it was written. */
  #publish(group: readonly PendingAppend[]): void {
    const last = group.at(-1);
    if (last === undefined) return;
    const { segment, position, bytes, nextOffset } = last.taken;
    this.listener.published(segment, position + bytes.length, nextOffset);
    for (const append of group) append.written.resolve();
  }

  #settle(group: readonly PendingAppend[]): void {
    const last = group.at(-1);
    if (last !== undefined) this.listener.settled(last.taken.nextOffset);
    for (const append of group) append.synced.resolve();
  }

  /**
   * Whether the group is in the file; what is not, with all that is queued behind it, was taken back. The last `held` of it are not
   * published.
   */
  async #write(group: readonly PendingAppend[], held = 0): Promise<boolean> {
    const [first] = group;
    if (first === undefined) return true;
    const { segment, position } = first.taken;
    try {
      await segment.file.write(
        group.map(({ taken }) => taken.bytes),
        position,
      );
    } catch (error) {
      this.#takeBack(asError(error), [...group, ...this.#queue.splice(0)]);
      return false;
    }
    this.#publish(group.slice(0, group.length - held));
    return true;
  }

  /** Whether the group is on disk; if not, the log is broken. */
  async #sync(segment: Segment, group: readonly PendingAppend[], isFlush: boolean): Promise<boolean> {
    try {
      const earlier = this.listener.earlierSynced();
      if (!isFlush) this.#syncing = segment;
      this.#writeAhead();
      await segment.file.sync();
      if (earlier !== null) await earlier;
    } catch (error) {
      // After a failed sync the kernel may drop the dirty pages: what is on disk is unknown.
      this.#break(asError(error), group);
      return false;
    } finally {
      this.#syncing = null;
    }
    const last = group.at(-1);
    if (last !== undefined) this.listener.synced(last.taken.nextOffset);
    return true;
  }

  #writeAhead(): void {
    const segment = this.#syncing;
    if (segment !== null) this.#writingAhead ??= this.#writeBeside(segment);
  }

  async #writeBeside(segment: Segment): Promise<void> {
    // What is appended within this turn of the event loop shall share one write.
    await Promise.resolve();
    while (this.#syncing === segment && this.#failure === null && this.#ahead.length < maxGroup) {
      const group = this.#takeGroup(segment, true);
      if (group.length === 0 || !(await this.#write(group))) break;
      this.#ahead.push(...group);
    }
    this.#writingAhead = null;
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
