import {
  encodeBatch,
  iterateBatches,
  iterateRecords,
  KafkaError,
  type BatchView,
  type CompressionName,
} from '@oubliette/protocol';
import type { Clock } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import type { PartitionLog } from '../log/partition-log.js';
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from './group-records.js';

const readBytes = 1024 * 1024;
const batchHeaderBytes = 61;
/** The most that a record adds to its key and value: its lengths and deltas, as varints. */
const recordOverheadBytes = 31;
/** What packing may at worst add, as Kafka reckons before it packs (CompressionRatioEstimator, COMPRESSION_RATE_ESTIMATION_FACTOR). */
const packingFactor = 1.05;

/**
 * The partitions of __consumer_offsets that groups are spread over. As on Kafka their number is settled at the start of the broker: that of
 * the topic, or of the setting while there is none; of a topic that an administrator makes later some may be missing, or left over.
 */
export interface OffsetsPartitions {
  readonly count: number;
  /** The log of a partition, or undefined while the topic has no such. */
  readonly log: (partition: number) => PartitionLog | undefined;
}

/** The coordinator's memory: changes are appended to __consumer_offsets, synced, and only then replayed into the state. */
export class OffsetsLog {
  readonly #partitions: OffsetsPartitions;
  /** Those found so far: they stay this coordinator's, whatever topic of that name comes after them. */
  readonly #logs = new Map<number, PartitionLog>();
  readonly #clock: Clock;
  readonly #compression: CompressionName;
  readonly #replay: (record: GroupRecord) => void;
  /** One a partition: the last append, so that replaying follows the order of the log. */
  readonly #tails: Promise<unknown>[];

  /** `compression` is that of the batches it writes; it reads every codec. */
  constructor(
    partitions: OffsetsPartitions,
    { clock, compression }: { readonly clock: Clock; readonly compression: CompressionName },
    replay: (record: GroupRecord) => void,
  ) {
    this.#partitions = partitions;
    this.#clock = clock;
    this.#compression = compression;
    this.#replay = replay;
    this.#tails = Array.from({ length: partitions.count }, () => Promise.resolve());
  }

  /** Whether there is a log for the group. One that comes to be after `load` holds nothing yet. */
  holds(groupId: string): boolean {
    return this.#log(this.#partitionOf(groupId)) !== undefined;
  }

  #partitionOf(groupId: string): number {
    return partitionOf(groupId, this.#partitions.count);
  }

  #log(partition: number): PartitionLog | undefined {
    const known = this.#logs.get(partition) ?? this.#partitions.log(partition);
    if (known !== undefined) this.#logs.set(partition, known);
    return known;
  }

  /**
   * Replays everything there is. Partitions may have been added since it was written: a group's records are looked for only where the
   * group is now, as in Kafka. Throws BrokerError DATA_DIR_CORRUPT for what cannot be read: offsets are not left out silently.
   */
  async load(): Promise<void> {
    for (let index = 0; index < this.#partitions.count; index++) {
      const log = this.#log(index);
      if (log === undefined) continue;
      let next = log.logStartOffset;
      try {
        while (next < log.highWatermark) {
          const read = await log.read(next, readBytes, { minOneBatch: true, isolation: 'uncommitted' });
          if (read.records.length === 0) break;
          for (const batch of iterateBatches(read.records)) {
            this.#replayBatch(batch, index);
            next = batch.nextOffset;
          }
        }
      } catch (cause) {
        throw unreadable(log, next, cause);
      }
    }
  }

  #replayBatch(batch: BatchView, index: number): void {
    if (batch.isControl) return;
    for (const { key, value } of iterateRecords(batch)) {
      const record = key === null ? null : decodeGroupRecord(key, value);
      if (record !== null && this.#partitionOf(record.groupId) === index) this.#replay(record);
    }
  }

  /** Appends them in as many batches as they need; where one is refused, the others stand. Rejects as `append` does. */
  async appendInParts(groupId: string, records: readonly GroupRecord[]): Promise<void> {
    const log = this.#log(this.#partitionOf(groupId));
    const factor = this.#compression === 'none' ? 1 : packingFactor;
    const parts = log === undefined ? [records] : inParts(records, log.config.maxMessageBytes / factor);
    await Promise.all(parts.map((part) => this.append(groupId, part)));
  }

  /**
   * Appends the group's records as one batch; resolves once they are synced and replayed. Rejects with KafkaError, or with RangeError
   * for a name that the format cannot hold; throws nothing: timers call this.
   */
  append(groupId: string, records: readonly GroupRecord[]): Promise<void> {
    const index = this.#partitionOf(groupId);
    const written = this.#write(index, records);
    const applied = Promise.allSettled([this.#tails[index], written])
      .then(() => written)
      .then(() => {
        for (const record of records) this.#replay(record);
      });
    this.#tails[index] = applied.catch(() => undefined);
    return applied;
  }

  async #write(index: number, records: readonly GroupRecord[]): Promise<void> {
    const log = this.#log(index);
    if (log === undefined) throw new KafkaError('NOT_COORDINATOR');
    const timestamp = BigInt(this.#clock.now());
    const batch = encodeBatch({
      records: records.map((record) => encodeGroupRecord(record, timestamp)),
      compression: this.#compression,
    });
    try {
      await (
        await log.append(batch, { durable: true })
      ).durable;
    } catch (error) {
      throw asCoordinator(error);
    }
  }

  /** Resolves when every append made so far was replayed or failed. */
  async settle(): Promise<void> {
    await Promise.all(this.#tails);
  }
}

/** Groups the records so that each group fits into one batch; a record that is too large is alone. */
function inParts(records: readonly GroupRecord[], maxBytes: number): readonly (readonly GroupRecord[])[] {
  const parts: GroupRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const { key, value } = encodeGroupRecord(record, 0n);
    const size = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
    if (bytes + size > maxBytes) {
      parts.push([]);
      bytes = batchHeaderBytes;
    }
    parts.at(-1)?.push(record);
    bytes += size;
  }
  return parts;
}

/** What a log's refusal means to a group's member (CoordinatorOperationExceptionHelper). */
function asCoordinator(error: unknown): unknown {
  if (!(error instanceof KafkaError)) return error;
  switch (error.codeName) {
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'KAFKA_STORAGE_ERROR':
      return new KafkaError('NOT_COORDINATOR', undefined, { cause: error });
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
      return new KafkaError('UNKNOWN_SERVER_ERROR', undefined, { cause: error });
    default:
      return error;
  }
}

function unreadable({ topic, partition }: PartitionLog, offset: bigint, cause: unknown): BrokerError {
  return new BrokerError(
    'DATA_DIR_CORRUPT',
    `${topic}-${partition} cannot be read at offset ${offset} (${cause instanceof Error ? cause.message : 'unknown'}): restore its ` +
      'directory from a copy, or remove it with its line in recovery-point-offset-checkpoint to begin without what its groups committed.',
    { cause },
  );
}

/** Kafka's choice: the absolute value of Java's String.hashCode (0 for the one without), modulo the partition count. */
export function partitionOf(groupId: string, partitions: number): number {
  let hash = 0;
  for (let index = 0; index < groupId.length; index++)
    hash = (Math.imul(hash, 31) + groupId.charCodeAt(index)) | 0;
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitions;
}
