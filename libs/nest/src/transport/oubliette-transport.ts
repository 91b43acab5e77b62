import { Inject, Injectable, Logger } from '@nestjs/common';
import { BaseRpcContext, Server } from '@nestjs/microservices';
import type { MessageHandler } from '@nestjs/microservices';
import type { RecordConsumer } from '@oubliette/kafka';
import { OUBLIETTE_TRANSPORT } from '../decorators/encrypted-topic.js';
import type { EncryptedTopicExtras } from '../decorators/encrypted-topic.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { Metrics } from '../metrics/metrics.js';
import { OUBLIETTE_OPTIONS } from '../module/options.js';
import type { OublietteOptions } from '../module/options.js';
import { ErasureProcessors } from '../processors/erasure-processors.js';
import { DeadLetters } from './dead-letters.js';
import { GroupWorker } from './group-worker.js';
import { subscriptionOf, topicHandler } from './topic-handler.js';
import type { TopicHandler } from './topic-handler.js';

const HANDLER_ATTEMPTS = 10;

type TransportEvents = { readonly [event: string]: (...args: unknown[]) => void };
type TransportStatus = 'connected' | 'disconnected';

/**
 * The transport strategy: one consumer a group, batches, offsets committed after the handlers succeeded. Bind it with
 * `connectOubliette(app)`, or as Nest does: `app.connectMicroservice({ strategy: app.get(OublietteTransport) })`.
 */
@Injectable()
export class OublietteTransport extends Server<TransportEvents, TransportStatus> {
  override readonly transportId = OUBLIETTE_TRANSPORT;
  // Failures come back to us, and decide about retry or dead letter; Nest need not report them too.
  override readonly propagatesEventHandlerErrors = true;
  readonly #handlers: TopicHandler[] = [];
  readonly #consumers: RecordConsumer[] = [];
  #listening = false;

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    @Inject(OUBLIETTE_OPTIONS) private readonly options: OublietteOptions,
    private readonly metrics: Metrics,
    private readonly processors: ErasureProcessors,
  ) {
    super();
  }

  /** True while every consumer is in its group; also when there are no handlers to consume for. */
  get healthy(): boolean {
    return (
      this.#listening && this.processors.healthy && this.#consumers.every((consumer) => consumer.running)
    );
  }

  override addHandler(
    _pattern: unknown,
    callback: MessageHandler,
    _isEventHandler?: boolean,
    extras: Record<string, unknown> = {},
  ): void {
    if (!('oubliette' in extras)) return;
    const call: MessageHandler = (data: unknown, context: BaseRpcContext) =>
      this.#withHooks(callback, data, context);
    this.#handlers.push(topicHandler(extras as unknown as EncryptedTopicExtras, call, this.options.groupId));
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      this.#consumers.push(...this.#workers().map((worker) => this.#consumerOf(worker)));
      await Promise.all(this.#consumers.map((consumer) => consumer.start()));
      await this.processors.start();
      this.#listening = true;
      this._status$.next('connected');
      callback();
    } catch (error) {
      await this.close();
      callback(error);
    }
  }

  override async close(): Promise<void> {
    this.#listening = false;
    const consumers = this.#consumers.splice(0).reverse();
    const closed = await Promise.allSettled([
      this.processors.close(),
      ...consumers.map((consumer) => consumer.close()),
    ]);
    this._status$.next('disconnected');
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  override on(event: string | number): never {
    throw new Error(
      `The Oubliette transport emits no event "${String(event)}": watch its status, or /health.`,
    );
  }

  override unwrap<T>(): T {
    return this.#consumers as T;
  }

  #workers(): GroupWorker[] {
    const groups = new Map<string, TopicHandler[]>();
    for (const handler of this.#handlers) {
      groups.set(handler.groupId, [...(groups.get(handler.groupId) ?? []), handler]);
    }
    const dependencies = {
      engine: this.engine,
      deadLetters: new DeadLetters(this.engine),
      metrics: this.metrics,
      handlerAttempts: this.options.handlerAttempts ?? HANDLER_ATTEMPTS,
      logger: new Logger(OublietteTransport.name),
    };
    return [...groups].map(([groupId, handlers]) => new GroupWorker(groupId, handlers, dependencies));
  }

  #consumerOf(worker: GroupWorker): RecordConsumer {
    const handlers = this.#handlers.filter((handler) => handler.groupId === worker.groupId);
    const names = new Set(
      handlers.map((handler) => handler.topic).filter((topic) => typeof topic === 'string'),
    );
    const patterns = handlers.map((handler) => handler.topic).filter((topic) => topic instanceof RegExp);
    return this.engine.createConsumer({
      groupId: worker.groupId,
      topics: [...names, ...patterns.map(subscriptionOf)],
      fromBeginning: handlers.every((handler) => handler.options.fromBeginning !== false),
      onBatch: (batch) => worker.onBatch(batch),
    });
  }

  /** Nest's processing hooks (tracing) around one call, with its result and failure handed on. */
  #withHooks(callback: MessageHandler, data: unknown, context: BaseRpcContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.onProcessingStartHook(this.transportId, context, async () => {
        try {
          resolve(await callback(data, context));
        } catch (error) {
          reject(error as Error);
        } finally {
          this.onProcessingEndHook?.(this.transportId, context);
        }
      });
    });
  }
}
