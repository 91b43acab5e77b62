import { sleep, type Clock } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { BlockedTopic } from '../nudger/blockage.js';
import type { Erasure, TopicWindow } from '../ports.js';
import type { ErasedTopic } from './erasure-way.js';
import { ExpiryEraser } from './expiry-eraser.js';
import { TombstoneEraser } from './tombstone-eraser.js';
import type { TopicEraser, TopicEraserParts, TopicListener } from './topic-eraser.js';

export interface TopicErasersParts {
  /** The window becomes the eraser's. */
  readonly openTopic: (topic: string) => TopicWindow;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: TopicListener;
  readonly patienceMs?: number;
}

const boundIsFreshForMs = 60_000;
/** Before a topic that did not tell is asked again. */
const boundPauseMs = 5_000;
/** A topic that does not answer must not hold up whoever is to be forgotten. */
const longestBoundWaitMs = 2_000;

interface KnownBound {
  last: number | null;
  asked: Promise<number | null>;
  /** On the monotonic clock. */
  askAt: number;
}

/** The erasers of all topics that erasures name, each made when it is first needed. */
export class TopicErasers {
  readonly #parts: TopicErasersParts;
  readonly #erasers = new Map<string, TopicEraser>();
  readonly #bounds = new Map<string, KnownBound>();
  #isClosed = false;

  constructor(parts: TopicErasersParts) {
    this.#parts = parts;
  }

  /** Ends the records of a forgotten user in the topics that its erasure names, or goes on watching for replicas that were away. */
  add({ erasureId: id, userRef, lifecycle, forgottenAt, topics }: Erasure): void {
    if (this.#isClosed) return;
    const since = forgottenAt ?? this.#parts.clock.now();
    for (const { topic, way, marks, evidence } of topics) {
      const isSeen = evidence?.every(({ unseen }) => unseen.length === 0) ?? false;
      if (!isSeen)
        this.#eraser({ topic, way }).add({ id, userRef, lifecycle, forgottenAt: since, marks, evidence });
    }
  }

  release(): void {
    for (const eraser of this.#erasers.values()) eraser.release();
  }

  /** The longest from *forgotten* in one topic; null: unbounded, or never learned yet. Asked at most once a minute, and never long. */
  async boundMs(erased: ErasedTopic): Promise<number | null> {
    const { clock } = this.#parts;
    const name = nameOf(erased);
    const bound = this.#bounds.get(name) ?? {
      last: null,
      asked: Promise.resolve(null),
      askAt: Number.NEGATIVE_INFINITY,
    };
    this.#bounds.set(name, bound);
    if (!this.#isClosed && clock.monotonic() >= bound.askAt) {
      bound.askAt = clock.monotonic() + boundIsFreshForMs;
      bound.asked = this.#askBound(erased, bound);
    }
    const waiting = new AbortController();
    const waited = sleep(clock, longestBoundWaitMs, waiting.signal).then(() => bound.last);
    try {
      return await Promise.race([bound.asked, waited]);
    } finally {
      waiting.abort();
    }
  }

  /** Never rejects: what cannot be learned now is taken to be as it was. */
  async #askBound(erased: ErasedTopic, bound: KnownBound): Promise<number | null> {
    const { clock, logger } = this.#parts;
    try {
      bound.last = await this.#eraser(erased).boundMs();
    } catch (error) {
      bound.askAt = clock.monotonic() + boundPauseMs;
      logger.warn(`The bound of topic ${erased.topic} could not be learned.`, { error: codeOf(error) });
    }
    return bound.last;
  }

  /** Partitions in which erasures are held up, and why. */
  get blocked(): readonly BlockedTopic[] {
    return [...this.#erasers].flatMap(([name, { blocked }]) =>
      blocked.map((one) => ({ ...one, topic: name.slice(name.indexOf(' ') + 1) })),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#erasers.values()].map((eraser) => eraser.close()));
  }

  #eraser(erased: ErasedTopic): TopicEraser {
    const name = nameOf(erased);
    const known = this.#erasers.get(name);
    if (known !== undefined) return known;
    const { openTopic, ...parts } = this.#parts;
    const own: TopicEraserParts = { ...parts, window: openTopic(erased.topic) };
    const made = erased.way === 'expiry' ? new ExpiryEraser(own) : new TombstoneEraser(own);
    this.#erasers.set(name, made);
    return made;
  }
}

/** A topic may be declared otherwise than when an erasure of it began. */
function nameOf({ topic, way }: ErasedTopic): string {
  return `${way} ${topic}`;
}
