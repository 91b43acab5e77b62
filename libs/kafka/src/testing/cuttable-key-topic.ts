import type { KeyLogRecord } from '@oubliette/keyring';
import { createAdmin } from '../admin/create-admin.js';
import { createDirectClient, createPartitionReader } from '../direct/index.js';
import { KafkaClientError } from '../errors.js';
import { DirectLink } from '../key-topic/direct-link.js';
import { FollowedKeyTopic, holdsNoKey, type KeyTopic } from '../key-topic/key-topic.js';
import { keyTopicErrors } from '../key-topic/key-topic-errors.js';
import { Replicas } from '../partition-log/replicas.js';
import type { FetchedPartition, KeyTopicLink, LookOptions } from '../key-topic/link.js';
import { silentLogger } from '../logger.js';
import type { KeyTopicSettings } from '../ports.js';
import type { KafkaSettings } from '../settings.js';

/** A key topic that stands, over a link to it that a test can cut: the cluster goes on, this process hears nothing of it. */
export async function openCuttableKeyTopic(
  settings: KafkaSettings,
  keyTopic: KeyTopicSettings,
): Promise<{ readonly topic: KeyTopic; readonly link: CuttableLink }> {
  const requests = createDirectClient(settings);
  const polls = createDirectClient(settings, { retry: { attempts: 1, initialMs: 0, maxMs: 0 } });
  const link = new CuttableLink(new DirectLink({ topic: keyTopic.topic, requests, polls }));
  const topic = new FollowedKeyTopic({
    keyTopic,
    link,
    reader: createPartitionReader(requests),
    replicas: new Replicas({
      topic: keyTopic.topic,
      client: createDirectClient(settings),
      errors: keyTopicErrors,
      isEmpty: holdsNoKey,
    }),
    admin: await createAdmin(settings),
    clock: settings.clock,
    logger: settings.logger ?? silentLogger,
  });
  return { topic, link };
}

/** While cut, every call fails, and what is under way with it. */
export class CuttableLink implements KeyTopicLink {
  readonly #link: KeyTopicLink;
  #cutting = new AbortController();

  constructor(link: KeyTopicLink) {
    this.#link = link;
  }

  cut(): void {
    const why = new KafkaClientError('KEY_TOPIC_UNAVAILABLE', 'simulated: the link was cut', {
      retriable: true,
    });
    this.#cutting.abort(why);
  }

  mend(): void {
    this.#cutting = new AbortController();
  }

  leaders(): Promise<ReadonlyMap<number, readonly number[]>> {
    return this.#unlessCut(() => this.#link.leaders());
  }

  highWatermarks(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>> {
    return this.#unlessCut(() => this.#link.highWatermarks(partitions));
  }

  fetch(
    leader: number,
    positions: ReadonlyMap<number, bigint>,
    options: { readonly maxWaitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly FetchedPartition[]> {
    const signal = AbortSignal.any([options.signal, this.#cutting.signal]);
    return this.#unlessCut(() => this.#link.fetch(leader, positions, { ...options, signal }));
  }

  look(partition: number, offset: bigint, options: LookOptions): Promise<FetchedPartition> {
    return this.#unlessCut(() => this.#link.look(partition, offset, options));
  }

  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    return this.#unlessCut(() => this.#link.append(partition, records));
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #unlessCut<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#cutting;
    signal.throwIfAborted();
    const result = await work();
    signal.throwIfAborted();
    return result;
  }
}
