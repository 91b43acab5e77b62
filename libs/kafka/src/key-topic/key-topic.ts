import {
  isRetirement,
  nudgeRecord,
  type HeardAt,
  type KeyLog,
  type KeyLogListener,
  type KeyLogRecord,
  type StoredKeyLogRecord,
} from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { askPatiently } from '../admin/patience.js';
import { KafkaClientError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { KeyTopicSettings, PartitionReader, TopicAdmin } from '../ports.js';
import { DeleteRetention } from './delete-retention.js';
import { Follower } from './follower.js';
import { toBareRecord, type BareRecord } from '../partition-log/bare-record.js';
import type { KeyTopicLink } from './link.js';
import { momentOf } from './moments.js';
import type { PartitionCourse } from './partition-course.js';
import { Positions } from './positions.js';
import { ReplayProgress, type KeyTopicProgress } from './replay-progress.js';
import { readOffsets } from './read-offsets.js';
import type { PartitionCondition, ReplicaLog, Replicas, ReplicaState } from '../partition-log/replicas.js';
import { standingRecords } from './standing-records.js';
import type { LogSettingsInForce } from '../partition-log/settings-in-force.js';

/** The key topic: the keyring's log, and the window through which an erasure is watched. */
export interface KeyTopic extends KeyLog {
  /** All records that still stand in the partition, log start to high watermark. A retirement counts as a tombstone: no key is in it. */
  scan(partition: number): AsyncIterable<BareRecord>;
  /** Where the partition's replicas are, and which can be read. */
  replicas(partition: number): Promise<readonly ReplicaState[]>;
  /** Begins to read one replica from the broker that has it. Rejects with `KEY_TOPIC_UNAVAILABLE` where it cannot be read now. */
  readReplica(partition: number, broker: number): Promise<ReplicaLog>;
  /** The partition's high watermark, at its leader. */
  end(partition: number): Promise<bigint>;
  /** Whether a record with a timestamp of `at` (ms since the Unix epoch) or later stands in the partition. */
  appendedSince(partition: number, at: number): Promise<boolean>;
  /** What may hold up the cleaner in the partition. */
  condition(partition: number): Promise<PartitionCondition>;
  /** Appends one nudge record: without an append no segment rolls, and what is in the active one is never cleaned. */
  nudge(partition: number): Promise<void>;
  /** The settings in force, read from the cluster. */
  settings(): Promise<LogSettingsInForce>;
}

export interface KeyTopicParts {
  readonly keyTopic: KeyTopicSettings;
  readonly link: KeyTopicLink;
  readonly reader: PartitionReader;
  readonly replicas: Replicas;
  readonly admin: TopicAdmin;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onProgress?: (progress: KeyTopicProgress) => void;
}

const reachedTimeoutMs = 30_000;

/** A tombstone, or the statement that a key's lifetime was over: no key is in it either way. */
export function holdsNoKey(value: Uint8Array | null): boolean {
  return value === null || isRetirement(value);
}

export class FollowedKeyTopic implements KeyTopic {
  readonly partitionCount: number;
  readonly #parts: KeyTopicParts;
  readonly #positions: Positions;
  readonly #retention: DeleteRetention;
  readonly #closing = new AbortController();
  #follower: Follower | null = null;
  #closed: Promise<void> | null = null;

  constructor(parts: KeyTopicParts) {
    this.#parts = parts;
    this.partitionCount = parts.keyTopic.partitions;
    this.#positions = new Positions(this.partitionCount, parts.clock, reachedTimeoutMs);
    this.#retention = new DeleteRetention(parts);
  }

  async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    this.#assertUsable();
    return this.#parts.link.append(partition, records);
  }

  async follow(listener: KeyLogListener): Promise<void> {
    this.#assertUsable();
    if (this.#follower !== null) throw new Error('The key topic is followed already: follow it once.');
    const { link, clock, logger, keyTopic } = this.#parts;
    const partitions = Array.from({ length: this.partitionCount }, (_, partition) => partition);
    const since = momentOf(clock);
    const [ends] = await Promise.all([
      // A broker may have died a moment ago, with its partitions not yet led by another.
      askPatiently(clock, this.#closing.signal, () => link.highWatermarks(partitions)),
      this.#retention.keepFresh(),
    ]);
    this.#assertUsable();
    const replay = this.#replay();
    const options = {
      topic: keyTopic.topic,
      link,
      positions: this.#positions,
      clock,
      logger,
      listener,
      retentionMs: () => this.#retention.ms,
      onFetched: replay.report,
    };
    this.#follower = new Follower(options, ends, since);
    this.#follower.start();
    await replay.done;
  }

  heard(partition: number): HeardAt | null {
    return this.#follower?.heard(partition) ?? null;
  }

  async read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    this.#assertUsable();
    return readOffsets(this.#parts.link, partition, offsets);
  }

  async *records(partition: number): AsyncIterable<StoredKeyLogRecord> {
    this.#assertUsable();
    const { link, clock } = this.#parts;
    yield* standingRecords({ link, clock, signal: this.#closing.signal }, partition);
    this.#assertUsable();
  }

  reached(partition: number, offset: bigint): Promise<void> {
    return this.#positions.reached(partition, offset);
  }

  async caughtUp(partition: number): Promise<void> {
    this.#assertUsable();
    const end = (await this.#parts.link.highWatermarks([partition])).get(partition) ?? 0n;
    await this.#positions.reached(partition, end - 1n);
  }

  async *scan(partition: number): AsyncIterable<BareRecord> {
    this.#assertUsable();
    for await (const record of this.#parts.reader.scan(this.#parts.keyTopic.topic, partition))
      yield toBareRecord(record, holdsNoKey);
  }

  async replicas(partition: number): Promise<readonly ReplicaState[]> {
    this.#assertUsable();
    return this.#parts.replicas.list(partition);
  }

  async readReplica(partition: number, broker: number): Promise<ReplicaLog> {
    this.#assertUsable();
    return this.#parts.replicas.read(partition, broker);
  }

  async end(partition: number): Promise<bigint> {
    this.#assertUsable();
    return this.#parts.replicas.end(partition);
  }

  async appendedSince(partition: number, at: number): Promise<boolean> {
    this.#assertUsable();
    return this.#parts.replicas.appendedSince(partition, at);
  }

  async condition(partition: number): Promise<PartitionCondition> {
    this.#assertUsable();
    return this.#parts.replicas.condition(partition);
  }

  async nudge(partition: number): Promise<void> {
    await this.append(partition, [nudgeRecord()]);
  }

  async settings(): Promise<LogSettingsInForce> {
    this.#assertUsable();
    return this.#parts.replicas.settings();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { link, reader, replicas, admin } = this.#parts;
    this.#closing.abort();
    this.#positions.fail(
      new KafkaClientError(
        'KEY_TOPIC_CLOSED',
        'The key topic was closed: open it again to read or write keys.',
      ),
    );
    await this.#follower?.stop();
    await replicas.close();
    await link.close();
    await reader.close();
    await admin.close();
    await this.#retention.settled();
  }

  /** `done` resolves when no partition is being replayed. However long that takes: it moves on or says what is wrong. */
  #replay(): { done: Promise<void>; report: (courses: readonly PartitionCourse[]) => void } {
    let finish: (error: Error | null) => void = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      finish = (error) => (error === null ? resolve() : reject(error));
    });
    const progress = new ReplayProgress(this.#parts.clock, this.#parts.onProgress ?? (() => undefined));
    const report = (courses: readonly PartitionCourse[]): void => {
      progress.report(courses);
      if (courses.every(({ isReplaying }) => !isReplaying)) finish(null);
      void this.#retention.keepFresh();
    };
    this.#positions.onFailure((error) => finish(error));
    return { done, report };
  }

  #assertUsable(): void {
    const { failure } = this.#positions;
    if (failure !== null) throw failure;
  }
}
