import type { ReceivedRecord, RecordBatch } from '@oubliette/kafka';
import { readEventHeaders } from '@oubliette/serde';
import type { Decoded, EventSpec } from '@oubliette/serde';
import { OublietteError } from '../errors.js';
import { contextOf } from './event-context.js';
import type { Delivery } from './event-context.js';
import { HandlerRun } from './handler-run.js';
import type { WorkerDependencies } from './worker-dependencies.js';
import { PartitionProgress } from './partition-progress.js';
import type { HandledType, TopicHandler } from './topic-handler.js';

/** What became of one record. */
type Opened =
  | { readonly kind: 'delivery'; readonly delivery: Delivery; readonly spec: EventSpec }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * All handlers of one consumer group. A batch is decoded as a whole, then each handler gets its events in offset order.
 * Records without a value are passed over. Invalid ones go to the dead-letter topic; an unavailable one stops the batch there, and the rest comes again.
 */
export class GroupWorker {
  readonly #runs: readonly HandlerRun[];
  readonly #setAside = new PartitionProgress();

  constructor(
    readonly groupId: string,
    private readonly handlers: readonly TopicHandler[],
    private readonly dependencies: WorkerDependencies,
  ) {
    refuseRivals(handlers);
    this.#runs = handlers.map((handler) => new HandlerRun(handler, dependencies));
  }

  /** Rejects when the batch, or its end, must come again: `RECORDS_UNAVAILABLE`, `HANDLER_FAILED`. */
  async onBatch(batch: RecordBatch): Promise<void> {
    const opened = await this.#open(batch);
    const cut = opened.findIndex((record) => record.kind === 'unavailable');
    const readable = cut === -1 ? opened : opened.slice(0, cut);
    await this.#setInvalidAside(batch, readable);
    const failures: unknown[] = [];
    for (const run of this.#runs) {
      if (!run.handler.matches(batch.topic)) continue;
      const deliveries = readable.flatMap((record) =>
        record.kind === 'delivery' &&
        run.handler.types.get(record.delivery.context.type)?.spec === record.spec
          ? [record.delivery]
          : [],
      );
      // Each handler goes as far as it can: one that fails does not hold up its neighbours.
      await run
        .deliver(batch.topic, batch.partition, deliveries)
        .catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
    if (cut !== -1) {
      throw new OublietteError(
        'RECORDS_UNAVAILABLE',
        `Keys for ${batch.topic}-${batch.partition} at offset ${batch.records[cut]?.offset} are not available yet; trying again.`,
      );
    }
    this.#setAside.clear(batch.topic, batch.partition);
    for (const run of this.#runs) run.settled(batch.topic, batch.partition);
  }

  async #open(batch: RecordBatch): Promise<Opened[]> {
    const opened: Opened[] = new Array<Opened>(batch.records.length).fill({ kind: 'skipped' });
    const byType = new Map<HandledType, number[]>();
    const types = this.#typesOf(batch.topic);
    batch.records.forEach((record, index) => {
      // A tombstone, or a nudge: it takes an earlier record out of the topic, and is no event.
      if (record.value === null) return;
      const headers = readEventHeaders(record.headers);
      if (headers === null) {
        opened[index] = { kind: 'invalid', reason: 'headers' };
        return;
      }
      for (const type of types) {
        if (type.spec.type !== headers.type) continue;
        const indexes = byType.get(type) ?? [];
        indexes.push(index);
        byType.set(type, indexes);
        break;
      }
    });
    for (const [type, indexes] of byType) {
      const records = indexes.map((index) => batch.records[index] as ReceivedRecord);
      const decoded = await this.dependencies.engine.codec.decode<object>(type.spec, records);
      decoded.forEach((result, position) => {
        opened[indexes[position] as number] = toOpened(records[position] as ReceivedRecord, result, type);
      });
    }
    return opened;
  }

  #typesOf(topic: string): readonly HandledType[] {
    return this.handlers
      .filter((handler) => handler.matches(topic))
      .flatMap((handler) => [...handler.types.values()]);
  }

  async #setInvalidAside(batch: RecordBatch, opened: readonly Opened[]): Promise<void> {
    const { deadLetters, logger, metrics } = this.dependencies;
    for (const [index, result] of opened.entries()) {
      if (result.kind !== 'invalid') continue;
      const record = batch.records[index] as ReceivedRecord;
      if (this.#setAside.isDone(batch.topic, batch.partition, record.offset)) continue;
      await deadLetters.send(record, result.reason, this.groupId);
      this.#setAside.done(batch.topic, batch.partition, record.offset);
      metrics.alarms.inc({ code: result.reason });
      metrics.deadLettered.inc({ topic: batch.topic, reason: result.reason });
      logger.error(
        `Alarm: the record at ${batch.topic}-${batch.partition} offset ${record.offset} is not authentic (${result.reason}); ` +
          'it was moved to the dead-letter topic, still encrypted.',
      );
    }
  }
}

/** One type, one class a group: a record is decoded once, as one class. */
function refuseRivals(handlers: readonly TopicHandler[]): void {
  const classes = new Map<string, HandledType>();
  for (const handler of handlers) {
    for (const [type, handled] of handler.types) {
      const known = classes.get(type);
      if (known !== undefined && known.eventClass !== handled.eventClass) {
        throw new OublietteError(
          'HANDLER_INVALID',
          `${handler.name}: another handler of group ${handler.groupId} takes event type ${type} as another class. Use one ` +
            'class, or another groupId.',
        );
      }
      classes.set(type, handled);
    }
  }
}

function toOpened(record: ReceivedRecord, result: Decoded<object>, type: HandledType): Opened {
  switch (result.outcome) {
    case 'event': {
      const value = Object.assign(
        Object.create(type.eventClass.prototype as object) as object,
        result.event.value,
      );
      const delivery = { record, value, context: contextOf(record, result.event) };
      return { kind: 'delivery', delivery, spec: type.spec };
    }
    case 'unavailable':
      return { kind: 'unavailable' };
    case 'invalid':
      return { kind: 'invalid', reason: result.reason };
  }
}
