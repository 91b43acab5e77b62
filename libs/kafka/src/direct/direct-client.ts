import type { TopicSpec } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { BatchProducer, type DirectRecord, type ProducedBatch } from './batch-producer.js';
import { Cluster, type ClusterMetadata } from './cluster.js';
import {
  alterConfigsOnce,
  describeConfigsOnce,
  type ConfigChange,
  type ConfigEntry,
  type ConfigResource,
} from './configs.js';
import { createTopicOnce } from './create-topics.js';
import {
  describeLogDirsOnce,
  describeProducersOnce,
  type LogDir,
  type ProducerDescription,
} from './describe.js';
import {
  decodeFetched,
  fetchOnce,
  type FetchedBatches,
  type FetchedPartition,
  type FetchOptions,
  type FetchPosition,
} from './fetch.js';
import { listOffsetOnce, type ListedOffset, type OffsetPoint } from './list-offsets.js';
import { settingsOf, type DirectTuning, type Settings } from './options.js';
import { retrying } from './retry.js';

/**
 * What kafkajs cannot do, over the wire protocol itself. Connects when first used. Every operation repeats retriable failures
 * within the retry policy, and throws `KafkaError` (the broker said no; `PartitionError` names the partition),
 * `ConnectionError` (no answer) or the reason of an aborted signal.
 */
export interface DirectClient {
  /** Null: all topics. Topics that do not exist are left out; none is ever created by asking. */
  metadata(topics: readonly string[] | null): Promise<ClusterMetadata>;
  /** Waits up to `maxWaitMs` for records at `offset`; none is no error. OFFSET_OUT_OF_RANGE when the log does not reach there. */
  fetch(topic: string, partition: number, offset: bigint, options?: FetchOptions): Promise<FetchedPartition>;
  /** The same for many partitions, with one request to each broker; answers in no particular order. */
  fetchMany(positions: readonly FetchPosition[], options?: FetchOptions): Promise<FetchedPartition[]>;
  /** The same, with the batches as they came: for who has millions of records to read. */
  fetchBatches(positions: readonly FetchPosition[], options?: FetchOptions): Promise<FetchedBatches[]>;
  listOffsets(topic: string, partition: number, point: OffsetPoint): Promise<ListedOffset>;
  /** One record batch, one append, acks=all, idempotent: all records stand together or none does. */
  produceBatch(topic: string, partition: number, records: readonly DirectRecord[]): Promise<ProducedBatch>;
  /** True when made, false when it stood already. */
  createTopic(spec: TopicSpec): Promise<boolean>;
  /** Names null: all of the resource's settings. */
  describeConfigs(resource: ConfigResource, names?: readonly string[] | null): Promise<ConfigEntry[]>;
  /** Changes single settings and leaves the others as they are. */
  incrementalAlterConfigs(resource: ConfigResource, changes: readonly ConfigChange[]): Promise<void>;
  /** Null: all partitions of every broker. */
  describeLogDirs(
    topics?: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
  ): Promise<LogDir[]>;
  describeProducers(topic: string, partition: number): Promise<ProducerDescription[]>;
  /** Ends every connection; what is outstanding fails with CLIENT_CLOSED. */
  close(): Promise<void>;
}

/** Throws `ConnectionError` INVALID_BROKER_ADDRESS or SASL_UNSUPPORTED. */
export function createDirectClient(kafka: KafkaSettings, tuning: DirectTuning = {}): DirectClient {
  return new WireClient(settingsOf(kafka, tuning));
}

class WireClient implements DirectClient {
  readonly #settings: Settings;
  readonly #cluster: Cluster;
  readonly #producer: BatchProducer;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#cluster = new Cluster(settings);
    this.#producer = new BatchProducer(this.#cluster, settings.clock, settings.retry);
  }

  metadata(topics: readonly string[] | null): Promise<ClusterMetadata> {
    return this.#retrying(topics ?? [], () => this.#cluster.metadata(topics));
  }

  async fetch(
    topic: string,
    partition: number,
    offset: bigint,
    options: FetchOptions = {},
  ): Promise<FetchedPartition> {
    const [fetched] = await this.fetchMany([{ topic, partition, offset }], options);
    if (fetched === undefined) throw new TypeError('one position gives one answer');
    return fetched;
  }

  fetchMany(positions: readonly FetchPosition[], options: FetchOptions = {}): Promise<FetchedPartition[]> {
    return this.#fetch(positions, options, decodeFetched);
  }

  fetchBatches(positions: readonly FetchPosition[], options: FetchOptions = {}): Promise<FetchedBatches[]> {
    return this.#fetch(positions, options, (fetched) => fetched);
  }

  listOffsets(topic: string, partition: number, point: OffsetPoint): Promise<ListedOffset> {
    return this.#retrying([topic], () => listOffsetOnce(this.#cluster, topic, partition, point));
  }

  produceBatch(topic: string, partition: number, records: readonly DirectRecord[]): Promise<ProducedBatch> {
    return this.#producer.produce(topic, partition, records);
  }

  createTopic(spec: TopicSpec): Promise<boolean> {
    return this.#retrying([], () => createTopicOnce(this.#cluster, spec));
  }

  describeConfigs(resource: ConfigResource, names: readonly string[] | null = null): Promise<ConfigEntry[]> {
    return this.#retrying([], () => describeConfigsOnce(this.#cluster, resource, names));
  }

  incrementalAlterConfigs(resource: ConfigResource, changes: readonly ConfigChange[]): Promise<void> {
    return this.#retrying([], () => alterConfigsOnce(this.#cluster, resource, changes));
  }

  describeLogDirs(
    topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null = null,
  ): Promise<LogDir[]> {
    return this.#retrying([], () => describeLogDirsOnce(this.#cluster, topics));
  }

  describeProducers(topic: string, partition: number): Promise<ProducerDescription[]> {
    return this.#retrying([topic], () => describeProducersOnce(this.#cluster, topic, partition));
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  /** What does not decode is fetched again. */
  #fetch<T>(
    positions: readonly FetchPosition[],
    options: FetchOptions,
    decode: (fetched: FetchedBatches) => T,
  ): Promise<T[]> {
    const topics = positions.map(({ topic }) => topic);
    const operation = async (): Promise<T[]> =>
      (await fetchOnce(this.#cluster, positions, options)).map(decode);
    return this.#retrying(topics, operation, options.signal);
  }

  /** A failure may mean that another broker leads: it is asked anew. */
  #retrying<T>(topics: readonly string[], operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const closing = this.#cluster.signal;
    const either = signal === undefined ? closing : AbortSignal.any([closing, signal]);
    return retrying(this.#settings.clock, this.#settings.retry, either, async () => {
      try {
        return await operation();
      } catch (error) {
        this.#cluster.forgetLeaders(topics);
        throw error;
      }
    });
  }
}
