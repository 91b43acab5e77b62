import { KafkaError, withoutStack } from '@oubliette/protocol';
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
import { asError } from '../log/storage-error.js';
import { TimeSlice } from '../log/time-slice.js';
import type { ClusterRegistry } from './cluster-registry.js';
import type { StoredTopic } from './cluster-store.js';
import { checkGrowth, checkPartitionCount } from './partition-count.js';
import { TopicDeletions } from './topic-deletions.js';
import { TopicLogs } from './topic-logs.js';
import { checkTopicName, collides } from './topic-name.js';
import { randomUuid } from './uuid.js';

/** What creating a topic would give. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: TopicOverrides;
}

/** Topics, their settings and their logs, kept in step: the registry decides, the logs follow. */
export class TopicManager {
  readonly #registry: ClusterRegistry;
  readonly #logs: TopicLogs;
  readonly #config: BrokerConfig;
  readonly #entropy: Entropy;
  readonly #clock: Clock;
  readonly #deletions: TopicDeletions;
  /** The last one that was asked for, by topic. */
  readonly #growths = new Map<string, Promise<void>>();
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
    this.#logs = new TopicLogs(parts, (name) => this.delete(name));
    this.#config = parts.config;
    this.#entropy = parts.entropy;
    this.#clock = parts.clock;
    this.#deletions = new TopicDeletions(parts);
  }

  /** Brings the logs to what the registry says: ends deletions and creations that a stop interrupted. */
  async start(): Promise<void> {
    await this.#registry.prepare();
    await this.#deletions.finishAll();
    await this.#logs.start();
  }

  /** Resolves when no deletion is under way. */
  async close(): Promise<void> {
    await this.#deletions.close();
  }

  get topics(): ReadonlyMap<string, StoredTopic> {
    return this.#registry.topics;
  }

  nameOf(id: string): string | undefined {
    return this.#registry.nameOf(id);
  }

  /** The log of a partition that is there. Throws UNKNOWN_TOPIC_OR_PARTITION. */
  log(topic: string, partition: number): PartitionLog {
    const log = this.findLog(topic, partition);
    if (log === undefined) throw withoutStack(notHosted);
    return log;
  }

  /** The same, undefined where there is none. */
  findLog(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.find(topic, partition);
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
    if (collision !== undefined) throw collides(name, collision);
  }

  newId(): string {
    return randomUuid(this.#entropy);
  }

  /**
   * The topic is stored and its logs are there when this resolves. Rejects with what checkNewName and checkConfigs throw; KAFKA_STORAGE_ERROR when it cannot be made, and then nothing of it
   * is left.
   */
  async create(topic: NewTopic): Promise<StoredTopic> {
    const [outcome] = await this.createAll([topic]);
    if (outcome?.status === 'fulfilled') return outcome.value;
    throw outcome?.reason;
  }

  /** The same for many, each with its own outcome, in their order: they are stored together, and may collide with each other. */
  async createAll(topics: readonly NewTopic[]): Promise<readonly PromiseSettledResult<StoredTopic>[]> {
    for (const { name } of topics) {
      if (this.#registry.deleting.has(name)) await this.#deletions.finish(name);
    }
    const together = new Set(topics.map(({ name }) => name));
    const slice = new TimeSlice(this.#clock);
    const checked: { readonly topic: NewTopic; readonly refusal: Error | null }[] = [];
    for (const topic of topics) {
      await slice.rest();
      checked.push({ topic, refusal: this.#refusalOf(topic) });
    }
    const stored = await Promise.allSettled(
      checked.map(({ topic, refusal }) =>
        refusal === null ? this.#store(topic, together) : Promise.reject(refusal),
      ),
    );
    // All are asked for before the first is waited for: so they share one slice of time.
    return Promise.allSettled(
      stored.map((outcome) =>
        outcome.status === 'fulfilled'
          ? this.#logs.make(outcome.value, 0)
          : Promise.reject(asError(outcome.reason)),
      ),
    );
  }

  #refusalOf({ name, partitions, configs }: NewTopic): Error | null {
    try {
      checkTopicName(name);
      if (this.#registry.topics.has(name)) {
        throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);
      }
      this.checkConfigs(configs);
      checkPartitionCount(partitions);
      return null;
    } catch (error) {
      return asError(error);
    }
  }

  #store({ name, partitions, configs }: NewTopic, together: ReadonlySet<string>): Promise<StoredTopic> {
    return this.#registry.createTopic({ name, id: this.newId(), partitions, configs }, together);
  }

  /** When this resolves the topic is gone; its logs follow. Rejects with UNKNOWN_TOPIC_OR_PARTITION, KAFKA_STORAGE_ERROR. */
  async delete(name: string): Promise<void> {
    const stored = await this.#registry.beginDelete(this.#require(name));
    this.#deletions.begin(stored);
    for (const listener of this.#deletionListeners) listener(name);
  }

  /** Throws INVALID_PARTITIONS when the count does not grow. */
  checkPartitions(name: string, count: number): void {
    checkGrowth(this.#require(name), count);
  }

  /**
   * Rejects with what checkPartitions throws, and with KAFKA_STORAGE_ERROR, after which the count is what it was. One after the other for
   * a topic: what is taken back is the end of it.
   */
  async addPartitions(name: string, count: number): Promise<void> {
    const before = this.#growths.get(name) ?? Promise.resolve();
    const growth = before.catch(() => undefined).then(() => this.#grow(name, count));
    this.#growths.set(name, growth);
    try {
      await growth;
    } finally {
      if (this.#growths.get(name) === growth) this.#growths.delete(name);
    }
  }

  async #grow(name: string, count: number): Promise<void> {
    const before = this.#require(name);
    const stored = await this.#registry.changeTopic(before, (topic) => {
      checkGrowth(topic, count);
      return { ...topic, partitions: count };
    });
    await this.#logs.make(stored, before.partitions);
  }

  /** Throws INVALID_CONFIG for settings that no topic could take. */
  checkConfigs(configs: TopicOverrides): void {
    refuseAs('INVALID_CONFIG', () => checkTopicOverrides(configs, this.#config));
  }

  /**
   * Puts what `change` makes of the topic's own settings in their place; it is called with those that are stored at that moment. Rejects
   * with what it throws, INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION, KAFKA_STORAGE_ERROR.
   */
  async changeConfigs(name: string, change: (own: TopicOverrides) => TopicOverrides): Promise<void> {
    const changed = (topic: StoredTopic): StoredTopic => {
      const configs = change(topic.configs);
      this.checkConfigs(configs);
      return { ...topic, configs };
    };
    // On a full disk too: a shorter retention is what gives room back.
    const stored = await this.#registry.changeTopic(this.#require(name), changed, true);
    this.#logs.configure(this.#registry.topics.get(name) ?? stored);
  }

  /** Applies the broker's changed defaults to every log. */
  reconfigureAll(): void {
    for (const stored of this.#registry.topics.values()) this.#logs.configure(stored);
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
}

function notHosted(): KafkaError {
  return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
}
