import { lastValueFrom, isObservable } from 'rxjs';
import { EventRefusedError, OublietteError, codeOf, withoutMessage } from '../errors.js';
import { OublietteBatchContext, OublietteContext } from './event-context.js';
import type { Delivery } from './event-context.js';

import { PartitionProgress } from './partition-progress.js';
import type { TopicHandler } from './topic-handler.js';
import type { WorkerDependencies } from './worker-dependencies.js';

/** Codes of failures that pass by themselves: never counted against a record. */
const PASSING = new Set([
  'KEYRING_UNAVAILABLE',
  'MASTER_KEY_UNAVAILABLE',
  'SCHEMA_REGISTRY_UNAVAILABLE',
  'PUBLISH_QUEUE_FULL',
  'PRODUCER_QUEUE_FULL',
]);

/** Gives one handler its events, in order, and decides what its failures mean. */
export class HandlerRun {
  readonly #progress = new PartitionProgress();

  constructor(
    readonly handler: TopicHandler,
    private readonly dependencies: WorkerDependencies,
  ) {}

  /** Rejects with `HANDLER_FAILED` when the events from some offset on must come again. */
  async deliver(topic: string, partition: number, deliveries: readonly Delivery[]): Promise<void> {
    const open = deliveries.filter(
      (delivery) => !this.#progress.isDone(topic, partition, delivery.context.offset),
    );
    for (let start = 0; start < open.length; start += this.handler.maxBatch) {
      await this.#deliverTogether(topic, partition, open.slice(start, start + this.handler.maxBatch));
    }
  }

  /** The batch is done with, by all handlers. */
  settled(topic: string, partition: number): void {
    this.#progress.clear(topic, partition);
  }

  async #deliverTogether(topic: string, partition: number, together: readonly Delivery[]): Promise<void> {
    const failure = await this.#attempt(topic, partition, together);
    if (failure === null) return this.#done(topic, partition, together);
    const first = (together[0] as Delivery).context.offset;
    const attempts = isPassing(failure) ? 0 : this.#progress.failed(topic, partition, first);
    this.dependencies.logger.warn(
      `${this.handler.name} failed at ${topic}-${partition} offset ${first} (attempt ${attempts}): ${withoutMessage(failure)}`,
    );
    const mayPass = !(failure instanceof EventRefusedError) && attempts < this.dependencies.handlerAttempts;
    if (mayPass || this.handler.options.deadLetter === false) {
      throw new OublietteError(
        'HANDLER_FAILED',
        `${this.handler.name} failed at ${topic}-${partition} offset ${first}.`,
      );
    }
    if (together.length === 1) return this.#setAside(topic, partition, together[0] as Delivery);
    // One of them is the culprit: alone, each shows whether it is.
    for (const delivery of together) {
      if ((await this.#attempt(topic, partition, [delivery])) === null)
        this.#done(topic, partition, [delivery]);
      else await this.#setAside(topic, partition, delivery);
    }
  }

  /** null: handled. */
  async #attempt(topic: string, partition: number, together: readonly Delivery[]): Promise<unknown> {
    const contexts = together.map((delivery) => delivery.context);
    const single = together[0] as Delivery;
    try {
      const result: unknown =
        this.handler.options.batch === true
          ? await this.handler.call(
              together.map((delivery) => delivery.value),
              new OublietteBatchContext(topic, partition, contexts),
            )
          : await this.handler.call(single.value, new OublietteContext(single.context));
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      return null;
    } catch (error) {
      return error ?? new Error('undefined was thrown');
    }
  }

  #done(topic: string, partition: number, together: readonly Delivery[]): void {
    const { metrics } = this.dependencies;
    const labels = { topic, group: this.handler.groupId };
    metrics.consumed.inc(labels, together.length);
    const erased = together.filter((delivery) => delivery.context.erased).length;
    if (erased > 0) metrics.erasedEvents.inc(labels, erased);
    this.#progress.done(topic, partition, (together.at(-1) as Delivery).context.offset);
  }

  async #setAside(topic: string, partition: number, delivery: Delivery): Promise<void> {
    const { deadLetters, logger, metrics } = this.dependencies;
    await deadLetters.send(delivery.record, 'handler-failed', this.handler.groupId);
    this.#progress.done(topic, partition, delivery.context.offset);
    metrics.deadLettered.inc({ topic, reason: 'handler-failed' });
    logger.error(
      `${this.handler.name} keeps refusing the record at ${topic}-${partition} offset ${delivery.context.offset}; ` +
        'it was moved to the dead-letter topic, still encrypted.',
    );
  }
}

function isPassing(failure: unknown): boolean {
  if (typeof failure !== 'object' || failure === null) return false;
  if ('retriable' in failure && failure.retriable === true) return true;
  return PASSING.has(codeOf(failure) ?? '');
}
