import { Inject, Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { RecordConsumer } from '@oubliette/kafka';
import { checkProcessor, PrivacyError } from '@oubliette/privacy';
import { processorInfoOf, type ErasureProcessorMethod } from '../decorators/erasure-processor.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { OublietteError } from '../errors.js';
import { OUBLIETTE_OPTIONS } from '../module/options.js';
import type { OublietteOptions } from '../module/options.js';
import { ensureErasureTopic } from './erasure-topic.js';
import { ProcessorWorker, type BoundProcessor } from './processor-worker.js';

/** Finds the application's `@ErasureProcessor` methods and gives them their questions, a consumer each. The transport starts and closes it. */
@Injectable()
export class ErasureProcessors {
  readonly #consumers: RecordConsumer[] = [];

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    @Inject(OUBLIETTE_OPTIONS) private readonly options: OublietteOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** True while each of them is in its group; also where there are none. */
  get healthy(): boolean {
    return this.#consumers.every((consumer) => consumer.running);
  }

  /** Rejects with `HANDLER_INVALID`, and as consumers do. */
  async start(): Promise<void> {
    const processors = this.#bound();
    if (processors.length === 0) return;
    const { engine } = this;
    const { erasureMessages: messages, producer, clock } = engine;
    const { topic } = messages;
    await ensureErasureTopic(engine.admin, topic);
    const parts = { messages, producer, clock, logger: new Logger('Oubliette') };
    for (const processor of processors) {
      const worker = new ProcessorWorker(processor, parts);
      const consumer = engine.createConsumer({
        groupId: processor.groupId,
        topics: [topic],
        fromBeginning: true,
        onBatch: (batch) => worker.onBatch(batch),
      });
      this.#consumers.push(consumer);
      await consumer.start();
    }
  }

  async close(): Promise<void> {
    const consumers = this.#consumers.splice(0).reverse();
    const closed = await Promise.allSettled(consumers.map((consumer) => consumer.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  #bound(): BoundProcessor[] {
    const wrappers = [...this.discovery.getControllers(), ...this.discovery.getProviders()];
    const found = wrappers.flatMap((wrapper) => {
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null) return [];
      const processors = this.#of(instance);
      if (processors.length > 0 && !wrapper.isDependencyTreeStatic())
        throw invalid(processors[0]!.place, 'its class must not be request-scoped');
      return processors;
    });
    const places = new Map<string, string>();
    for (const { name, place } of found) {
      if (places.has(name)) throw invalid(place, `${places.get(name)} is the processor ${name} already`);
      places.set(name, place);
    }
    return found;
  }

  #of(instance: object): BoundProcessor[] {
    const prototype: unknown = Object.getPrototypeOf(instance);
    if (typeof prototype !== 'object' || prototype === null) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const info = processorInfoOf(prototype, method);
      if (info === null) return [];
      const { name, options } = info;
      const place = `${instance.constructor.name}.${method}`;
      const handler = Reflect.get(prototype, method) as ErasureProcessorMethod;
      return [
        {
          name: checked(place, name),
          place,
          groupId: options.groupId ?? `${this.options.groupId}.processor.${name}`,
          call: handler.bind(instance),
        },
      ];
    });
  }
}

function checked(place: string, name: string): string {
  try {
    return checkProcessor(name);
  } catch (error) {
    if (error instanceof PrivacyError) throw invalid(place, error.message);
    throw error;
  }
}

function invalid(place: string, why: string): OublietteError {
  return new OublietteError('HANDLER_INVALID', `${place}: ${why}.`);
}
