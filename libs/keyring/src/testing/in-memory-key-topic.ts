import type { Clock } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import type { KeyLogRecord, StoredKeyLogRecord } from '../key-log.js';
import { InMemoryKeyLog, type TopicInMemory } from './in-memory-key-log.js';

export interface InMemoryKeyTopicOptions {
  /** Default 4. */
  readonly partitions?: number;
  /** Stamps the records; default a ManualClock. */
  readonly clock?: Clock;
  /** How long tombstones stand at least, ms: a log that was away longer starts over. Default a day, as Kafka's. */
  readonly deleteRetentionMs?: number;
}

const DAY_MS = 86_400_000;

/** A key topic in memory that several key logs can open: the simulated twin of the real one. */
export class InMemoryKeyTopic implements TopicInMemory {
  readonly partitionCount: number;
  readonly clock: Clock;
  readonly deleteRetentionMs: number;
  readonly #partitions: StoredKeyLogRecord[][];
  readonly #ends: bigint[];
  readonly #logs = new Set<InMemoryKeyLog>();
  #down = false;
  /** When true, the next append is stored but reported as failed, as when the acknowledgement is lost. */
  loseNextAcknowledgement = false;

  constructor({
    partitions = 4,
    clock = new ManualClock(),
    deleteRetentionMs = DAY_MS,
  }: InMemoryKeyTopicOptions = {}) {
    this.partitionCount = partitions;
    this.clock = clock;
    this.deleteRetentionMs = deleteRetentionMs;
    this.#partitions = Array.from({ length: partitions }, () => []);
    this.#ends = Array.from({ length: partitions }, () => 0n);
  }

  /** While true, nothing can be appended, read, followed or caught up with. */
  get down(): boolean {
    return this.#down;
  }

  set down(down: boolean) {
    if (down && !this.#down) for (const log of this.#logs) log.leave();
    this.#down = down;
    if (!down) for (const log of this.#logs) log.wake();
  }

  open(): InMemoryKeyLog {
    const log = new InMemoryKeyLog(this, () => this.#logs.delete(log));
    this.#logs.add(log);
    return log;
  }

  /** Appends one batch, as a log's `append` does; also for records that no keyring would write. Returns the first offset. */
  append(partition: number, records: readonly KeyLogRecord[]): bigint {
    this.assertUp();
    const stored = this.#partition(partition);
    const first = this.end(partition);
    records.forEach(({ key, value }, index) => {
      const offset = first + BigInt(index);
      const copy = { key: key.slice(), value: value?.slice() ?? null };
      stored.push({ ...copy, partition, offset, timestamp: this.clock.now() });
    });
    this.#ends[partition] = first + BigInt(records.length);
    for (const log of this.#logs) log.wake();
    if (!this.loseNextAcknowledgement) return first;
    this.loseNextAcknowledgement = false;
    throw new Error('simulated: the batch was stored, its acknowledgement was lost');
  }

  /** The offset that the partition's next record gets. */
  end(partition: number): bigint {
    return this.#ends[partition] ?? 0n;
  }

  /** What stands in the partition from `offset` on. */
  records(partition: number, offset = 0n): readonly StoredKeyLogRecord[] {
    const stored = this.#partition(partition);
    return stored.slice(firstAtOrAfter(stored, offset));
  }

  /** Keeps the last record of each key, as a log cleaner does; `dropTombstones` is what a later pass does. Offsets stay. */
  compact(options: { readonly dropTombstones?: boolean } = {}): void {
    for (const stored of this.#partitions) {
      const last = new Map(stored.map((record) => [Buffer.from(record.key).toString('latin1'), record]));
      const standing = new Set(last.values());
      const kept = stored.filter(
        (record) => standing.has(record) && !(options.dropTombstones === true && record.value === null),
      );
      stored.splice(0, stored.length, ...kept);
    }
  }

  assertUp(): void {
    if (this.down) throw new Error('simulated: the key topic cannot be reached');
  }

  #partition(partition: number): StoredKeyLogRecord[] {
    const stored = this.#partitions[partition];
    if (!stored) throw new RangeError(`there is no partition ${partition}: 0 to ${this.partitionCount - 1}`);
    return stored;
  }
}

function firstAtOrAfter(stored: readonly StoredKeyLogRecord[], offset: bigint): number {
  let low = 0;
  let high = stored.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stored[middle]?.offset ?? offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
