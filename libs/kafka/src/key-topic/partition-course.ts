import type { HeardAt, KeyLogListener, StoredKeyLogRecord } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { KafkaClientError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { FetchedPartition } from './link.js';
import { elapsedMs, momentOf } from './moments.js';
import type { Positions } from './positions.js';

/** Given to the listener in one call: few, so that an answer of thousands is not alive as objects at once. */
const recordsAtOnce = 64;
/** Replays that may take longer than tombstones stand, one after another, before it is given up. */
const maxRestarts = 3;

export interface CourseOptions {
  readonly topic: string;
  readonly positions: Positions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: KeyLogListener;
  /** How long tombstones stand at least, ms. */
  readonly retentionMs: () => number;
}

/**
 * What became of an answer: `taken`; `ahead`: it brought nothing, and yet the log goes on; `short`: the log ends before what
 * was read already.
 */
export type Taken = 'taken' | 'ahead' | 'short';

interface Replay {
  /** From before anything of it was asked for. */
  readonly since: HeardAt;
  /** null until an answer tells the high watermark. */
  readonly end: bigint | null;
}

/**
 * One partition on its way to the listener: what of it is known to be complete, since when, and when it has to be read anew.
 * A tombstone stands for `delete.retention.ms` at least. Where everything that stood at a moment was given, and an answer
 * comes later than that after the moment, a tombstone written in between may be gone already, and the answer is not
 * believed (design: cached keys carry a lease). The same goes for a replay, from its begin.
 */
export class PartitionCourse {
  readonly #options: CourseOptions;
  #replay: Replay | null;
  #heard: HeardAt | null = null;
  /** Where the log ended when its present leader was first asked. */
  #floor: bigint;
  /** Where the last replay ends or ended. */
  #total: bigint;
  #restarts = 0;
  /** Answers one after another that brought nothing though the log goes on. */
  #stalls = 0;

  constructor(
    readonly partition: number,
    options: CourseOptions,
    begin: { readonly since: HeardAt; readonly end: bigint },
  ) {
    this.#options = options;
    this.#replay = begin;
    this.#floor = begin.end;
    this.#total = begin.end;
  }

  /** See `KeyLog.heard`. */
  get heard(): HeardAt | null {
    return this.#heard;
  }

  get isReplaying(): boolean {
    return this.#replay !== null;
  }

  get stalls(): number {
    return this.#stalls;
  }

  /** Of the last replay, in offsets. */
  get progress(): { readonly read: bigint; readonly total: bigint } {
    const next = this.#next;
    const read = this.#replay === null || next > this.#total ? this.#total : next;
    return { read, total: this.#total };
  }

  /** Ends a replay that has nothing to read. */
  start(): void {
    const { since, end } = this.#replay ?? {};
    if (since !== undefined && end === 0n) this.#complete(0n, since);
  }

  /**
   * Takes the end of the log as its leader gave it to ListOffsets. A broker that has just begun to lead answers that only
   * when it knows of everything that was acknowledged (KIP-207); to a fetch it may tell a high watermark that stands too
   * low. False: the log ends before what was read.
   */
  stand(end: bigint): boolean {
    if (end < this.#next) return false;
    this.#floor = end;
    return true;
  }

  /** `sentAt`: when the request went out that this answers. Throws `KEY_TOPIC_BEHIND`. */
  take(answer: FetchedPartition, sentAt: HeardAt): Taken {
    const { positions, listener, clock } = this.#options;
    if (this.#isStale(momentOf(clock))) {
      this.#restart();
      return 'taken';
    }
    const position = this.#next;
    if (answer.highWatermark < position) return 'short';
    give(listener, answer.records);
    if (answer.nextOffset > position) positions.advance(this.partition, answer.nextOffset);
    else if (answer.highWatermark > position) {
      this.#stalls += 1;
      return 'ahead';
    }
    this.#stalls = 0;
    this.#complete(answer.highWatermark, sentAt);
    return 'taken';
  }

  /** Passes a gap that cleaning left: nothing stands below `end`, which was the high watermark after `sentAt`. */
  skip(end: bigint, sentAt: HeardAt): void {
    this.#stalls = 0;
    this.#options.positions.advance(this.partition, end);
    this.#complete(end, sentAt);
  }

  #complete(highWatermark: bigint, sentAt: HeardAt): void {
    const replay = this.#replay;
    if (replay !== null && !this.#hasReached(replay, highWatermark)) return;
    this.#replay = null;
    const isComplete = this.#next >= highWatermark && this.#next >= this.#floor;
    if (isComplete) this.#heard = sentAt;
    else this.#heard ??= replay?.since ?? null;
    if (replay === null) return;
    this.#restarts = 0;
    this.#options.listener.replayed(this.partition);
  }

  #hasReached({ since, end }: Replay, highWatermark: bigint): boolean {
    const total = end ?? (highWatermark > this.#floor ? highWatermark : this.#floor);
    this.#replay = { since, end: total };
    this.#total = total;
    return this.#next >= total;
  }

  #isStale(now: HeardAt): boolean {
    const since = this.#heard ?? this.#replay?.since;
    return since !== undefined && elapsedMs(since, now) > this.#options.retentionMs();
  }

  #restart(): void {
    const { topic, positions, clock, logger, listener, retentionMs } = this.#options;
    const deleteRetentionMs = retentionMs();
    this.#restarts += 1;
    if (this.#restarts > maxRestarts) throw behind(topic, this.partition, deleteRetentionMs);
    logger.warn(
      'A partition of the key topic was not read to its end for longer than tombstones stand: it is read anew',
      { topic, partition: this.partition, deleteRetentionMs, restarts: this.#restarts },
    );
    this.#heard = null;
    this.#stalls = 0;
    this.#replay = { since: momentOf(clock), end: null };
    positions.restart(this.partition);
    listener.restarted(this.partition);
  }

  get #next(): bigint {
    return this.#options.positions.next(this.partition);
  }
}

function give(listener: KeyLogListener, records: Iterable<StoredKeyLogRecord>): void {
  let some: StoredKeyLogRecord[] = [];
  for (const record of records) {
    if (some.push(record) < recordsAtOnce) continue;
    listener.records(some);
    some = [];
  }
  if (some.length > 0) listener.records(some);
}

function behind(topic: string, partition: number, deleteRetentionMs: number): KafkaClientError {
  return new KafkaClientError(
    'KEY_TOPIC_BEHIND',
    `Partition ${partition} of the key topic ${topic} was read ${maxRestarts} times anew and not once to its end within delete.retention.ms=${deleteRetentionMs}: ` +
      'tombstones may be missed that way, and forgotten users stay. Raise delete.retention.ms of the topic, or bring this process nearer to it, then restart it.',
  );
}
