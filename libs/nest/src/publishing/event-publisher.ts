import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OutgoingRecord } from '@oubliette/kafka';
import type { EventToEncode } from '@oubliette/serde';
import { ErasedTopics } from '../boot/erased-topics.js';
import { eventInfoOf } from '../decorators/encrypted-event.js';
import type { EventClass, EventClassInfo } from '../decorators/encrypted-event.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { OublietteError, codeOf } from '../errors.js';
import { Metrics } from '../metrics/metrics.js';
import { randomEventId } from './event-ids.js';

const ENCODE_AT_ONCE = 500;
const QUEUE_BOUND = 10_000;

export interface PublishOptions<T extends object = object> {
  /** A UUID, or a function of event and index; the same id again marks a repetition. Default: random. */
  readonly eventId?: string | ((event: T, index: number) => string);
  /** In place of the topic that the event's class names. */
  readonly topic?: string;
}

interface Prepared {
  readonly topic: string;
  readonly encode: EventToEncode;
}

/** Publishes objects of `@EncryptedEvent` classes, personal fields encrypted. */
@Injectable()
export class EventPublisher {
  readonly #logger = new Logger(EventPublisher.name);
  readonly #queue: Prepared[] = [];
  #draining: Promise<void> | null = null;

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly metrics: Metrics,
    private readonly erasedTopics: ErasedTopics,
  ) {}

  /**
   * Resolves when all in-sync replicas hold the events; order is kept per user. One forgotten user refuses the whole call.
   * Rejects with `USER_FORGOTTEN`, `USER_ID_INVALID`, `EVENT_INVALID`, `EVENT_CLASS_INVALID`, `KEYRING_UNAVAILABLE`, or the producer's error.
   */
  async publish<T extends object>(events: T | readonly T[], options: PublishOptions<T> = {}): Promise<void> {
    const prepared = this.#prepare(events, options);
    if (prepared.length === 0) return;
    await this.engine.producer.send(await this.#encode(prepared));
    this.#count(prepared);
  }

  /**
   * Takes events for later and returns at once. What then fails is counted and logged by its code, and is lost: use
   * `publish` where that matters. Throws `PUBLISH_QUEUE_FULL` at 10,000 waiting events, and `EVENT_CLASS_INVALID`.
   */
  enqueue<T extends object>(events: T | readonly T[], options: PublishOptions<T> = {}): void {
    const prepared = this.#prepare(events, options);
    if (this.#queue.length + prepared.length > QUEUE_BOUND) {
      throw new OublietteError(
        'PUBLISH_QUEUE_FULL',
        `${QUEUE_BOUND} events wait to be published: slow down, or await publish().`,
      );
    }
    this.#queue.push(...prepared);
    this.#draining ??= this.#drain();
  }

  /** Resolves when nothing enqueued is outstanding. */
  async flush(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
    await this.engine.producer.flush();
  }

  #prepare<T extends object>(events: T | readonly T[], options: PublishOptions<T>): Prepared[] {
    const list: readonly T[] = isList(events) ? events : [events];
    const { eventId } = options;
    if (typeof eventId === 'string' && list.length > 1) {
      throw new OublietteError(
        'PUBLISH_OPTIONS_INVALID',
        'One event id was given for several events: give a function of the event and its index.',
      );
    }
    return list.map((event, index) => {
      const info = infoOf(event);
      const id = typeof eventId === 'function' ? eventId(event, index) : eventId;
      const encode = { spec: info.spec, value: event, eventId: id ?? randomEventId(this.engine.entropy) };
      const topic = options.topic ?? info.topic;
      this.erasedTopics.assertPublishable(info, topic);
      return { topic, encode };
    });
  }

  async #encode(prepared: readonly Prepared[]): Promise<OutgoingRecord[]> {
    const records = await this.engine.codec.encode(prepared.map((event) => event.encode));
    return records.map((record, index) => ({ topic: (prepared[index] as Prepared).topic, ...record }));
  }

  async #drain(): Promise<void> {
    // The caller's turn ends first: what it enqueues in a row is encoded together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, ENCODE_AT_ONCE);
      if (await this.#enqueueEncoded(batch)) continue;
      // One refused event (a forgotten user, say) must not take the others with it.
      for (const event of batch) await this.#enqueueEncoded([event], true);
    }
    this.#draining = null;
  }

  async #enqueueEncoded(batch: readonly Prepared[], last = batch.length === 1): Promise<boolean> {
    try {
      for (const record of await this.#encode(batch)) this.engine.producer.enqueue(record);
      this.#count(batch);
      return true;
    } catch (error) {
      if (last) {
        const code = codeOf(error) ?? 'UNKNOWN';
        this.metrics.publishFailed.inc({ code });
        this.#logger.error(
          `An enqueued event of type ${batch[0]?.encode.spec.type} was not published: ${code}.`,
        );
      }
      return last;
    }
  }

  #count(prepared: readonly Prepared[]): void {
    for (const { topic } of prepared) this.metrics.published.inc({ topic });
  }
}

function isList<T extends object>(events: T | readonly T[]): events is readonly T[] {
  return Array.isArray(events);
}

function infoOf(event: object): EventClassInfo {
  return eventInfoOf(event.constructor as EventClass);
}
