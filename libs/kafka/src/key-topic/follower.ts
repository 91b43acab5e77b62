import type { HeardAt, KeyLogListener } from '@oubliette/keyring';
import { sleep, type Clock } from '@oubliette/runtime';
import { backoffMs } from '../consumer/batch-handler.js';
import { KafkaClientError, nameOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { FetchedPartition, KeyTopicLink } from './link.js';
import type { Positions } from './positions.js';

/** How much of the replay is done, in offsets over all partitions. */
export interface KeyTopicProgress {
  readonly read: bigint;
  readonly total: bigint;
}

export interface FollowerOptions {
  readonly topic: string;
  readonly partitionCount: number;
  readonly link: KeyTopicLink;
  readonly positions: Positions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: KeyLogListener;
  /** Where each partition's replay ends. */
  readonly ends: ReadonlyMap<number, bigint>;
  readonly onFetched: () => void;
}

const maxWaitMs = 500;

/** Reads all partitions for ever, one loop a leader; starts over with fresh leaders after every failure. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #stopping = new AbortController();
  /** High watermarks that the last empty fetch of a partition reported. */
  readonly #emptyUpTo = new Map<number, bigint>();
  readonly #heard = new Map<number, HeardAt>();
  readonly #replaying: Map<number, bigint>;
  #running: Promise<void> | null = null;
  #failures = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#replaying = new Map(options.ends);
  }

  heard(partition: number): HeardAt | null {
    return this.#heard.get(partition) ?? null;
  }

  start(): void {
    for (const partition of this.#options.ends.keys()) this.#endReplay(partition);
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Never rejects: ends when stopped, or when the log contradicts what was read, which fails the positions. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && this.#options.positions.failure === null) {
      try {
        await this.#followLeaders();
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  async #recover(error: unknown): Promise<void> {
    const { logger, topic, positions, clock } = this.#options;
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    if (error instanceof KafkaClientError && error.code === 'KEY_TOPIC_UNSAFE') {
      logger.error('The key topic is no longer followed', { topic, code: error.code });
      positions.fail(error);
      return;
    }
    this.#failures += 1;
    const retryInMs = backoffMs(this.#failures);
    logger.warn('The key topic cannot be read and is tried again', {
      topic,
      failures: this.#failures,
      retryInMs,
      error: nameOf(error),
    });
    await sleep(clock, retryInMs, signal).catch(() => undefined);
  }

  /** Runs a loop for every leader; when one fails, ends the others and rejects with its reason. */
  async #followLeaders(): Promise<void> {
    const leaders = await this.#options.link.leaders();
    const round = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, round.signal]);
    const loops = [...leaders].map(([leader, partitions]) =>
      this.#followLeader(leader, partitions, signal).catch((error: unknown) => {
        round.abort();
        throw error;
      }),
    );
    // The first rejection is the reason; the others are the aborts that it caused.
    const first = Promise.all(loops);
    await Promise.allSettled(loops);
    await first;
  }

  async #followLeader(leader: number, partitions: readonly number[], signal: AbortSignal): Promise<void> {
    const { link, positions, clock, onFetched } = this.#options;
    while (!signal.aborted) {
      const from = new Map(partitions.map((partition) => [partition, positions.next(partition)]));
      const sentAt: HeardAt = { wall: clock.now(), monotonic: clock.monotonic() };
      const fetched = await link.fetch(leader, from, { maxWaitMs, signal });
      if (signal.aborted) return;
      for (const part of fetched) this.#apply(part, sentAt);
      this.#failures = 0;
      onFetched();
    }
  }

  #apply(part: FetchedPartition, sentAt: HeardAt): void {
    const { positions, listener } = this.#options;
    const position = positions.next(part.partition);
    if (part.highWatermark < position) throw this.#contradiction(part, position);
    if (part.records.length > 0) listener.records(part.records);
    const next = part.nextOffset > position ? part.nextOffset : this.#afterGap(part, position);
    if (next > position) positions.advance(part.partition, next);
    this.#endReplay(part.partition);
    if (next >= part.highWatermark) this.#heard.set(part.partition, sentAt);
  }

  #endReplay(partition: number): void {
    const end = this.#replaying.get(partition);
    if (end === undefined || this.#options.positions.next(partition) < end) return;
    this.#replaying.delete(partition);
    this.#options.listener.replayed(partition);
  }

  /**
   * Compaction may leave nothing between the position and the high watermark. Only a second empty answer shows it: the
   * first one's high watermark was known before the second fetch began, so whatever stood below it would have come.
   */
  #afterGap({ partition, highWatermark }: FetchedPartition, position: bigint): bigint {
    const emptyUpTo = this.#emptyUpTo.get(partition) ?? -1n;
    this.#emptyUpTo.set(partition, highWatermark);
    return emptyUpTo > position ? emptyUpTo : position;
  }

  #contradiction({ partition, highWatermark }: FetchedPartition, position: bigint): KafkaClientError {
    return new KafkaClientError(
      'KEY_TOPIC_UNSAFE',
      `The key topic ${this.#options.topic} ends at offset ${highWatermark} in partition ${partition}, but was read up to ${position} before: ` +
        'it was made anew or lost acknowledged records. Find out which, restore it if need be, then restart this process.',
    );
  }
}
