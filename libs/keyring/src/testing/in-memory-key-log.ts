import type { Clock } from '@oubliette/runtime';
import {
  MAX_READ_OFFSETS,
  type HeardAt,
  type KeyLog,
  type KeyLogListener,
  type KeyLogRecord,
  type StoredKeyLogRecord,
} from '../key-log.js';
import { keptRecord } from './kept-record.js';

/** What a log needs of its topic. */
export interface TopicInMemory {
  readonly partitionCount: number;
  readonly clock: Clock;
  /** How long a tombstone stands at least, ms. */
  readonly deleteRetentionMs: number;
  readonly down: boolean;
  /** Throws while the topic is down. */
  assertUp(): void;
  append(partition: number, records: readonly KeyLogRecord[]): bigint;
  end(partition: number): bigint;
  records(partition: number, offset?: bigint): readonly StoredKeyLogRecord[];
}

interface Waiter {
  readonly partition: number;
  readonly offset: bigint;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One reader and writer of an in-memory key topic. Delivers in a microtask after an append, unless it is held. It hears the
 * topic all the time but while held or while the topic is down; after more than `deleteRetentionMs` of that, by either
 * clock, it starts over.
 */
export class InMemoryKeyLog implements KeyLog {
  readonly partitionCount: number;
  readonly #topic: TopicInMemory;
  readonly #onClose: () => void;
  readonly #positions: bigint[];
  #waiters: Waiter[] = [];
  readonly #heard: (HeardAt | null)[];
  #listener: KeyLogListener | null = null;
  #held = false;
  /** Since it was held or the topic went down. */
  #away = false;
  #waking = false;
  #closed = false;

  constructor(topic: TopicInMemory, onClose: () => void) {
    this.#topic = topic;
    this.#onClose = onClose;
    this.partitionCount = topic.partitionCount;
    this.#positions = Array.from({ length: topic.partitionCount }, () => 0n);
    this.#heard = Array.from({ length: topic.partitionCount }, () => null);
  }

  /** Stops delivery until `release`: a follower that lags behind. */
  hold(): void {
    this.leave();
    this.#held = true;
  }

  /** Called by the topic before it goes down. */
  leave(): void {
    for (let partition = 0; partition < this.partitionCount; partition++) this.heard(partition);
    this.#away = true;
  }

  release(): void {
    this.#held = false;
    this.wake();
  }

  /** Called by the topic when something was appended, and when it is up again. */
  wake(): void {
    if (this.#waking || this.#held || !this.#listener) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      // What was appended before the topic went down still comes.
      if (!this.#held) this.#deliver();
    });
  }

  heard(partition: number): HeardAt | null {
    const { clock } = this.#topic;
    const isComplete = this.#positions[partition] === this.#topic.end(partition);
    if (this.#isConnected && !this.#away && isComplete)
      this.#heard[partition] = { wall: clock.now(), monotonic: clock.monotonic() };
    return this.#heard[partition] ?? null;
  }

  async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    this.#assertOpen();
    return Promise.resolve(this.#topic.append(partition, records));
  }

  async follow(listener: KeyLogListener): Promise<void> {
    this.#assertOpen();
    if (this.#listener) throw new Error('this key log is followed already: open another');
    this.#topic.assertUp();
    await Promise.resolve();
    this.#listener = listener;
    this.#away = false;
    this.#deliver();
    for (let partition = 0; partition < this.partitionCount; partition++) listener.replayed(partition);
  }

  async read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    await Promise.resolve();
    this.#assertOpen();
    if (offsets.length > MAX_READ_OFFSETS)
      throw new RangeError(`${offsets.length} offsets at once: at most ${MAX_READ_OFFSETS}`);
    this.#topic.assertUp();
    return offsets.map((offset) => {
      const [record] = this.#topic.records(partition, offset);
      if (record?.offset !== offset) return null;
      return keptRecord(record);
    });
  }

  async *records(partition: number): AsyncIterable<StoredKeyLogRecord> {
    await Promise.resolve();
    this.#assertOpen();
    this.#topic.assertUp();
    yield* this.#topic.records(partition);
  }

  async reached(partition: number, offset: bigint): Promise<void> {
    this.#assertOpen();
    if ((this.#positions[partition] ?? 0n) > offset) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ partition, offset, resolve, reject });
    });
  }

  async caughtUp(partition: number): Promise<void> {
    this.#assertOpen();
    this.#topic.assertUp();
    await this.reached(partition, this.#topic.end(partition) - 1n);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = null;
    this.#onClose();
    for (const { reject } of this.#waiters) reject(new Error('the key log was closed'));
    this.#waiters = [];
    await Promise.resolve();
  }

  get #isConnected(): boolean {
    return this.#listener !== null && !this.#held && !this.#topic.down;
  }

  #deliver(): void {
    const isBack = this.#away && this.#isConnected;
    const restarted = isBack ? this.#restart() : [];
    if (isBack) this.#away = false;
    for (let partition = 0; partition < this.partitionCount; partition++) {
      const end = this.#topic.end(partition);
      const records = this.#topic.records(partition, this.#positions[partition]);
      if (records.length > 0) this.#listener?.records(records);
      this.#positions[partition] = end;
    }
    for (const partition of restarted) this.#listener?.replayed(partition);
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) {
      if ((this.#positions[waiter.partition] ?? 0n) > waiter.offset) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  /** The partitions that were not heard for too long, begun anew. */
  #restart(): readonly number[] {
    const { clock, deleteRetentionMs } = this.#topic;
    const restarted: number[] = [];
    for (const [partition, heard] of this.#heard.entries()) {
      const awayMs =
        heard === null ? 0 : Math.max(clock.now() - heard.wall, clock.monotonic() - heard.monotonic);
      if (awayMs <= deleteRetentionMs) continue;
      this.#positions[partition] = 0n;
      this.#heard[partition] = null;
      this.#listener?.restarted(partition);
      restarted.push(partition);
    }
    return restarted;
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the key log was closed');
  }
}
