import { KafkaError } from '@oubliette/protocol';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { BrokerConfig } from '../config/broker-config.js';
import { refuseAs } from '../config/resource-checks.js';
import {
  checkTopicOverrides,
  toLogConfig,
  topicDefinition,
  topicValue,
  type TopicOverrides,
} from '../config/topic-config.js';
import type { Logger } from '../logger.js';
import type { LogConfig, LogManager, PartitionLog } from '../log/partition-log.js';
import { TimeSlice } from '../log/time-slice.js';
import type { ClusterRegistry } from './cluster-registry.js';
import type { StoredTopic } from './cluster-store.js';
import { checkTopicName } from './topic-name.js';
import { randomUuid } from './uuid.js';

/** A bound on one topic, so that a typing error does not open a million files. */
const maxPartitions = 10_000;

/** What creating a topic would give. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: TopicOverrides;
}

/** Topics, their settings and their logs, kept in step: the registry decides, the logs follow. */
export class TopicManager {
  readonly #registry: ClusterRegistry;
  readonly #logs: LogManager;
  readonly #config: BrokerConfig;
  readonly #entropy: Entropy;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Deletions under way, by name: their logs go in slices. */
  readonly #deletions = new Map<string, Promise<void>>();
  readonly #deletionListeners = new Set<(topic: string) => void>();

  constructor(parts: {
    readonly registry: ClusterRegistry;
    readonly logs: LogManager;
    readonly config: BrokerConfig;
    readonly entropy: Entropy;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#registry = parts.registry;
    this.#logs = parts.logs;
    this.#config = parts.config;
    this.#entropy = parts.entropy;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  /** Brings the logs to what the registry says: ends deletions and creations that a stop interrupted. */
  async start(): Promise<void> {
    for (const { name, partitions } of this.#registry.deleting) await this.#removeLogs(name, partitions);
    for (const stored of this.#registry.topics.values()) {
      await this.#open(stored);
      this.#configure(stored);
    }
    this.#warnOfStrays();
  }

  /** Resolves when no deletion is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#deletions.values());
  }

  get topics(): ReadonlyMap<string, StoredTopic> {
    return this.#registry.topics;
  }

  nameOf(id: string): string | undefined {
    return this.#registry.nameOf(id);
  }

  /** The log of a partition that is there. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  log(topic: string, partition: number): PartitionLog {
    const stored = this.#registry.topics.get(topic);
    // Below 0 the key of a log could be that of another topic: `t` and -1 read as `t-` and 1.
    const isThere = stored !== undefined && partition >= 0 && partition < stored.partitions;
    const log = isThere ? this.#logs.get(topic, partition) : undefined;
    if (log === undefined) {
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
    }
    return log;
  }

  /** Called with a topic's name once it is gone. */
  onDelete(listener: (topic: string) => void): void {
    this.#deletionListeners.add(listener);
  }

  /** Throws for a name that no topic can take, or that one has, or has but for '.' and '_'. */
  checkNewName(name: string): void {
    checkTopicName(name);
    if (this.#registry.topics.has(name)) {
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);
    }
    const collision = this.#registry.collision(name);
    if (collision !== undefined) {
      throw new KafkaError(
        'INVALID_TOPIC_EXCEPTION',
        `Topic '${name}' collides with existing topic: ${collision}`,
      );
    }
  }

  newId(): string {
    return randomUuid(this.#entropy);
  }

  /**
   * The topic is known at once, and its logs are there when this resolves. Rejects with what checkNewName and checkConfigs throw, but
   * for a collision: that is checked for all topics of a request at once.
   */
  async create({ name, partitions, configs }: NewTopic): Promise<StoredTopic> {
    checkTopicName(name);
    if (this.#registry.deleting.some((gone) => gone.name === name)) await this.#finishDeletion(name);
    if (this.#registry.topics.has(name)) {
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);
    }
    this.checkConfigs(configs);
    checkPartitionCount(partitions);
    const stored: StoredTopic = { name, id: this.newId(), partitions, configs };
    this.#registry.put(stored);
    await this.#open(stored);
    return stored;
  }

  /** The topic is gone at once; its logs follow. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  delete(name: string): void {
    const stored = this.#require(name);
    this.#registry.beginDelete(name);
    const deletion = this.#removeLogs(name, stored.partitions).finally(() => this.#deletions.delete(name));
    this.#deletions.set(name, deletion);
    for (const listener of this.#deletionListeners) listener(name);
  }

  /** Throws INVALID_PARTITIONS when the count does not grow. */
  checkPartitions(name: string, count: number): void {
    const stored = this.#require(name);
    if (count < stored.partitions) {
      throw new KafkaError(
        'INVALID_PARTITIONS',
        `The topic ${name} currently has ${stored.partitions} partition(s); ${count} would not be an increase.`,
      );
    }
    if (count === stored.partitions) {
      throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${count} partition(s).`);
    }
    checkPartitionCount(count);
  }

  async addPartitions(name: string, count: number): Promise<void> {
    this.checkPartitions(name, count);
    const stored = { ...this.#require(name), partitions: count };
    this.#registry.put(stored);
    await this.#open(stored);
  }

  /** Throws INVALID_CONFIG for settings that no topic could take. */
  checkConfigs(configs: TopicOverrides): void {
    refuseAs('INVALID_CONFIG', () => checkTopicOverrides(configs, this.#config));
  }

  /** Replaces all of the topic's own settings. */
  setConfigs(name: string, configs: TopicOverrides): void {
    const stored = { ...this.#require(name), configs };
    this.checkConfigs(configs);
    this.#registry.put(stored);
    this.#configure(stored);
  }

  /** Applies the broker's changed defaults to every log. */
  reconfigureAll(): void {
    for (const stored of this.#registry.topics.values()) this.#configure(stored);
  }

  /** The settings the topic's logs run with. */
  logConfig(name: string): LogConfig {
    return toLogConfig(this.#require(name).configs, this.#config);
  }

  minInsyncReplicas(topic: string): number {
    const definition = topicDefinition('min.insync.replicas');
    const stored = this.#registry.topics.get(topic);
    if (definition === undefined || stored === undefined) return 1;
    return Number(topicValue(definition, stored.configs, this.#config).value);
  }

  #require(name: string): StoredTopic {
    const stored = this.#registry.topics.get(name);
    if (stored === undefined) {
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
    }
    return stored;
  }

  /** Makes the logs that are missing, as many as one slice of time allows and then the next. */
  async #open({ name, id, partitions, configs }: StoredTopic): Promise<void> {
    const config = toLogConfig(configs, this.#config);
    const slice = new TimeSlice(this.#clock, undefined);
    for (let partition = 0; partition < partitions; partition++) {
      if (this.#logs.get(name, partition) !== undefined) continue;
      await slice.rest();
      // It may have been deleted meanwhile, or be another one of its name.
      if (this.#registry.topics.get(name)?.id !== id) return;
      this.#logs.create(name, partition, config);
    }
  }

  #configure(stored: StoredTopic): void {
    const config = toLogConfig(stored.configs, this.#config);
    for (let partition = 0; partition < stored.partitions; partition++) {
      this.#logs.get(stored.name, partition)?.configure(config);
    }
  }

  /** The directories of a new topic take the names of those that are on their way out: never may it inherit a log. */
  async #finishDeletion(name: string): Promise<void> {
    await this.#deletions.get(name);
    const left = this.#registry.deleting.find((gone) => gone.name === name);
    if (left === undefined) return;
    await this.#removeLogs(name, left.partitions);
    if (!this.#registry.deleting.includes(left)) return;
    throw new KafkaError(
      'KAFKA_STORAGE_ERROR',
      `The logs of an earlier topic ${name} cannot be removed yet.`,
    );
  }

  /** What cannot be removed now is removed at the next start: the registry still knows of it. */
  async #removeLogs(name: string, partitions: number): Promise<void> {
    try {
      await this.#logs.remove(name, [...Array(partitions).keys()]);
      this.#registry.endDelete(name);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#logger.error('the logs of a deleted topic could not be removed; the next start tries again', {
        topic: name,
        cause,
      });
    }
  }

  /** A log that no topic claims is never served and never removed: somebody put it there or lost the registry's file. */
  #warnOfStrays(): void {
    for (const log of this.#logs.all()) {
      const stored = this.#registry.topics.get(log.topic);
      if (stored !== undefined && log.partition < stored.partitions) continue;
      this.#logger.warn(
        'a log directory belongs to no topic: it is kept and not served, remove it if it is not needed',
        {
          topic: log.topic,
          partition: log.partition,
        },
      );
    }
  }
}

function checkPartitionCount(count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  if (count > maxPartitions) {
    throw new KafkaError('INVALID_PARTITIONS', `Number of partitions is above ${maxPartitions}.`);
  }
}
