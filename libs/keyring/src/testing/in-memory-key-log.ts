import type { KeyLog, KeyLogRecord, StoredKeyLogRecord } from '../key-log.js';

/** What a log needs of its topic. */
export interface TopicInMemory {
  readonly partitionCount: number;
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

/** One reader and writer of an in-memory key topic. Delivers in a microtask after an append, unless it is held. */
export class InMemoryKeyLog implements KeyLog {
  readonly partitionCount: number;
  readonly #topic: TopicInMemory;
  readonly #onClose: () => void;
  readonly #positions: bigint[];
  #waiters: Waiter[] = [];
  #onRecords: ((records: readonly StoredKeyLogRecord[]) => void) | null = null;
  #held = false;
  #waking = false;
  #closed = false;

  constructor(topic: TopicInMemory, onClose: () => void) {
    this.#topic = topic;
    this.#onClose = onClose;
    this.partitionCount = topic.partitionCount;
    this.#positions = Array.from({ length: topic.partitionCount }, () => 0n);
  }

  /** Stops delivery until `release`: a follower that lags behind. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.wake();
  }

  /** Called by the topic when something was appended. */
  wake(): void {
    if (this.#waking || this.#held || !this.#onRecords) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      if (!this.#held) this.#deliver();
    });
  }

  async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    this.#assertOpen();
    return Promise.resolve(this.#topic.append(partition, records));
  }

  async follow(onRecords: (records: readonly StoredKeyLogRecord[]) => void): Promise<void> {
    this.#assertOpen();
    if (this.#onRecords) throw new Error('this key log is followed already: open another');
    this.#topic.assertUp();
    await Promise.resolve();
    this.#onRecords = onRecords;
    this.#deliver();
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
    this.#onRecords = null;
    this.#onClose();
    for (const { reject } of this.#waiters) reject(new Error('the key log was closed'));
    this.#waiters = [];
    await Promise.resolve();
  }

  #deliver(): void {
    for (let partition = 0; partition < this.partitionCount; partition++) {
      const end = this.#topic.end(partition);
      const records = this.#topic.records(partition, this.#positions[partition]);
      if (records.length > 0) this.#onRecords?.(records);
      this.#positions[partition] = end;
    }
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiting) {
      if ((this.#positions[waiter.partition] ?? 0n) > waiter.offset) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the key log was closed');
  }
}
