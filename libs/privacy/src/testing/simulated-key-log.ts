import {
  MAX_READ_OFFSETS,
  type HeardAt,
  type KeyLog,
  type KeyLogListener,
  type KeyLogRecord,
  type StoredKeyLogRecord,
} from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { SimulatedRecord } from './simulated-partition.js';

export type SimulatedReader = (partition: number, records: readonly SimulatedRecord[]) => void;

/** What a log needs of its topic. */
export interface SimulatedLogSource {
  readonly partitionCount: number;
  readonly clock: Clock;
  records(partition: number): SimulatedRecord[];
  appendRecords(partition: number, records: readonly KeyLogRecord[]): bigint;
}

interface Waiter {
  readonly partition: number;
  readonly offset: bigint;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One process's view of the simulated key topic: what is appended is delivered at once. */
export class SimulatedKeyLog implements KeyLog {
  readonly #delivered = new Map<number, bigint>();
  readonly #waiters = new Set<Waiter>();
  #stop: (() => void) | null = null;
  #closed = false;

  constructor(
    private readonly topic: SimulatedLogSource,
    private readonly subscribe: (reader: SimulatedReader) => () => void,
  ) {}

  get partitionCount(): number {
    return this.topic.partitionCount;
  }

  async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    await Promise.resolve();
    this.#assertOpen();
    return this.topic.appendRecords(partition, records);
  }

  async follow(listener: KeyLogListener): Promise<void> {
    await Promise.resolve();
    this.#assertOpen();
    const deliver: SimulatedReader = (partition, records) => {
      const last = records.at(-1);
      if (!last) return;
      listener.records(records.map((record) => stored(partition, record)));
      this.#delivered.set(partition, last.offset);
      for (const waiter of this.#waiters) this.#release(waiter);
    };
    for (let partition = 0; partition < this.partitionCount; partition++) {
      deliver(partition, this.topic.records(partition));
      listener.replayed(partition);
    }
    this.#stop = this.subscribe(deliver);
  }

  /** Nothing is ever late here. */
  heard(): HeardAt | null {
    const { clock } = this.topic;
    return this.#stop === null ? null : { wall: clock.now(), monotonic: clock.monotonic() };
  }

  async read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    await Promise.resolve();
    this.#assertOpen();
    if (offsets.length > MAX_READ_OFFSETS)
      throw new RangeError(`${offsets.length} offsets at once: at most ${MAX_READ_OFFSETS}`);
    const standing = new Map(this.topic.records(partition).map((record) => [record.offset, record]));
    return offsets.map((offset) => {
      const record = standing.get(offset);
      return record ? stored(partition, record) : null;
    });
  }

  async *records(partition: number): AsyncIterable<StoredKeyLogRecord> {
    await Promise.resolve();
    this.#assertOpen();
    for (const record of this.topic.records(partition)) yield stored(partition, record);
  }

  async reached(partition: number, offset: bigint): Promise<void> {
    this.#assertOpen();
    await new Promise<void>((resolve, reject) => {
      const waiter = { partition, offset, resolve, reject };
      this.#waiters.add(waiter);
      this.#release(waiter);
    });
  }

  async caughtUp(): Promise<void> {
    await Promise.resolve();
    this.#assertOpen();
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.#stop?.();
    this.#closed = true;
    for (const { reject } of this.#waiters) reject(closed());
    this.#waiters.clear();
  }

  #release(waiter: Waiter): void {
    if ((this.#delivered.get(waiter.partition) ?? -1n) < waiter.offset) return;
    this.#waiters.delete(waiter);
    waiter.resolve();
  }

  #assertOpen(): void {
    if (this.#closed) throw closed();
  }
}

function closed(): Error {
  return new Error('The simulated key log was closed.');
}

function stored(partition: number, { key, value, offset, timestamp }: SimulatedRecord): StoredKeyLogRecord {
  return { partition, offset, timestamp, key: Buffer.from(key, 'latin1'), value };
}
