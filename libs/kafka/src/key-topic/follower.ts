import type { HeardAt, KeyLogListener } from '@oubliette/keyring';
import { sleep, type Clock } from '@oubliette/runtime';
import { backoffMs } from '../consumer/batch-handler.js';
import { KafkaClientError, nameOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { FetchedPartition, KeyTopicLink } from './link.js';
import { momentOf } from './moments.js';
import { PartitionCourse } from './partition-course.js';
import type { Positions } from './positions.js';

export interface FollowerOptions {
  readonly topic: string;
  readonly link: KeyTopicLink;
  readonly positions: Positions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: KeyLogListener;
  /** How long tombstones stand at least, ms. */
  readonly retentionMs: () => number;
  /** After every answer that was taken. */
  readonly onFetched: (courses: readonly PartitionCourse[]) => void;
}

const longestWaitMs = 500;
/** What is not heard cannot be decrypted for long: a broker that is back is found soon. */
const longestPauseMs = 2_000;
const lookBytes = 256 * 1024;

/** Reads all partitions for ever, one loop a leader; starts over with fresh leaders after every failure. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #stopping = new AbortController();
  readonly #courses: readonly PartitionCourse[];
  #running: Promise<void> | null = null;
  #failures = 0;

  /** `ends`: the ends of all partitions, asked for after the moment `since`. */
  constructor(options: FollowerOptions, ends: ReadonlyMap<number, bigint>, since: HeardAt) {
    this.#options = options;
    this.#courses = Array.from(
      { length: ends.size },
      (_, partition) => new PartitionCourse(partition, options, { since, end: ends.get(partition) ?? 0n }),
    );
  }

  /** null also when the log is no longer believed. */
  heard(partition: number): HeardAt | null {
    if (this.#options.positions.failure !== null) return null;
    return this.#course(partition).heard;
  }

  start(): void {
    for (const course of this.#courses) course.start();
    this.#options.onFetched(this.#courses);
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the follower was stopped'));
    await this.#running;
  }

  /** Never rejects: ends when stopped, or when the log cannot be believed any more, which fails the positions. */
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
    if (isFinal(error)) {
      logger.error('The key topic is no longer followed', { topic, code: error.code });
      positions.fail(error);
      return;
    }
    this.#failures += 1;
    const retryInMs = Math.min(backoffMs(this.#failures), longestPauseMs);
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
    const { link } = this.#options;
    const leaders = await this.#orStopped(link.leaders());
    await this.#standAt(this.#courses);
    const round = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, round.signal]);
    // The first is the reason; the others are the aborts that it caused.
    const failures: unknown[] = [];
    const loops = [...leaders].map(([leader, partitions]) =>
      this.#followLeader(leader, partitions, signal).catch((error: unknown) => {
        failures.push(error);
        round.abort();
      }),
    );
    await Promise.all(loops);
    if (failures.length > 0) throw failures[0];
  }

  async #followLeader(leader: number, partitions: readonly number[], signal: AbortSignal): Promise<void> {
    const { link, positions, clock, retentionMs, onFetched } = this.#options;
    const order = [...partitions];
    while (!signal.aborted) {
      const from = new Map(order.map((partition) => [partition, positions.next(partition)]));
      const maxWaitMs = Math.min(longestWaitMs, Math.floor(retentionMs() / 4));
      const sentAt = momentOf(clock);
      const fetched = await link.fetch(leader, from, { maxWaitMs, signal });
      if (signal.aborted) return;
      const broughtNothing = fetched.every(({ partition, nextOffset }) => nextOffset === from.get(partition));
      for (const answer of fetched) await this.#take(answer, sentAt, broughtNothing ? 0 : order.length);
      this.#failures = 0;
      onFetched(this.#courses);
      // Each is the first in its turn, which an answer of bounded length serves before the others.
      order.push(...order.splice(0, 1));
    }
  }

  /** `patience`: how many answers may bring nothing, because they were full, before the partition is looked at by itself. */
  async #take(answer: FetchedPartition, sentAt: HeardAt, patience: number): Promise<void> {
    const course = this.#course(answer.partition);
    const taken = course.take(answer, sentAt);
    if (taken === 'short') await this.#standAt([course]);
    if (taken === 'ahead' && course.stalls > patience) await this.#passGap(course, answer, sentAt);
  }

  /**
   * Cleaning may leave nothing between the position and the high watermark. Only a second look shows it: the high watermark
   * was known before, so whatever stands below it comes, if anything does.
   */
  async #passGap(course: PartitionCourse, answer: FetchedPartition, sentAt: HeardAt): Promise<void> {
    const { link, positions, clock } = this.#options;
    const { partition, highWatermark } = answer;
    const lookedAt = momentOf(clock);
    const { signal } = this.#stopping;
    const look = await this.#orStopped(
      link.look(partition, positions.next(partition), { maxBytes: lookBytes, signal }),
    );
    if (course.take(look, lookedAt) !== 'ahead') return;
    if (!look.isThrottled && look.highWatermark >= highWatermark) course.skip(highWatermark, sentAt);
  }

  /** Throws `KEY_TOPIC_UNSAFE` where the log ends before what was read. */
  async #standAt(courses: readonly PartitionCourse[]): Promise<void> {
    const { link, positions } = this.#options;
    const partitions = courses.map(({ partition }) => partition);
    const ends = await this.#orStopped(link.highWatermarks(partitions));
    for (const course of courses) {
      const end = ends.get(course.partition) ?? 0n;
      if (!course.stand(end))
        throw this.#contradiction(course.partition, end, positions.next(course.partition));
    }
  }

  /** Not every call of the link ends when asked to. */
  #orStopped<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  #course(partition: number): PartitionCourse {
    const course = this.#courses[partition];
    if (course === undefined) throw new RangeError(`The key topic has no partition ${partition}.`);
    return course;
  }

  #contradiction(partition: number, end: bigint, position: bigint): KafkaClientError {
    return new KafkaClientError(
      'KEY_TOPIC_UNSAFE',
      `The key topic ${this.#options.topic} ends at offset ${end} in partition ${partition}, but was read up to ${position} before: ` +
        'it was made anew or lost acknowledged records. Find out which, restore it if need be, then restart this process.',
    );
  }
}

function isFinal(error: unknown): error is KafkaClientError {
  return (
    error instanceof KafkaClientError &&
    (error.code === 'KEY_TOPIC_UNSAFE' || error.code === 'KEY_TOPIC_BEHIND')
  );
}
