import { KafkaError, withoutStack } from '@oubliette/protocol';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { BrokerConfig } from '../config/broker-config.js';
import { refuseAs } from '../config/resource-checks.js';
import { checkTopicOverrides, toLogConfig, type TopicOverrides } from '../config/topic-config.js';
import type { Logger } from '../logger.js';
import type { LogConfig, LogManager, PartitionLog } from '../log/partition-log.js';
import { asError, storageError } from '../log/storage-error.js';
import { TimeSlice } from '../log/time-slice.js';
import type { ClusterRegistry } from './cluster-registry.js';
import type { StoredTopic } from './cluster-store.js';
import { TopicDeletions } from './topic-deletions.js';
import { checkTopicName, collides } from './topic-name.js';
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
  readonly #deletions: TopicDeletions;
  /** Partitions from so many on are being made: they are not served before all of them are there. */
  readonly #making = new Map<string, number>();
  /** The last one that was asked for, by topic. */
  readonly #growths = new Map<string, Promise<void>>();
  /** Logs are made for one topic at a time: many requests share one slice of time. */
  #lastMaking: Promise<unknown> = Promise.resolve();
  #makingSlice: TimeSlice | null = null;
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
    this.#deletions = new TopicDeletions(parts);
  }

  /** Brings the logs to what the registry says: ends deletions and creations that a stop interrupted. */
  async start(): Promise<void> {
    await this.#registry.prepare();
    await this.#deletions.finishAll();
    const slice = new TimeSlice(this.#clock);
    for (const stored of this.#registry.topics.values()) {
      await this.#open(stored, slice);
      this.#configure(stored);
    }
    this.#warnOfStrays();
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
    const stored = this.#registry.topics.get(topic);
    // Below 0 the key of a log could be that of another topic: `t` and -1 read as `t-` and 1.
    const served = Math.min(stored?.partitions ?? 0, this.#making.get(topic) ?? Infinity);
    const isThere = partition >= 0 && partition < served;
    return isThere ? this.#logs.get(topic, partition) : undefined;
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
          ? this.#makeLogs(outcome.value, 0)
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

  /** Makes the logs from `first` on; what was made goes again, with the topic or the added partitions, when that fails. */
  #makeLogs(stored: StoredTopic, first: number): Promise<StoredTopic> {
    this.#making.set(stored.name, first);
    const slice = (this.#makingSlice ??= new TimeSlice(this.#clock));
    const making = this.#lastMaking.then(() => this.#makeInTurn(stored, first, slice));
    const last: Promise<unknown> = making
      .catch(() => undefined)
      .finally(() => {
        if (this.#lastMaking === last) this.#makingSlice = null;
      });
    this.#lastMaking = last;
    return making;
  }

  async #makeInTurn(stored: StoredTopic, first: number, slice: TimeSlice): Promise<StoredTopic> {
    const { name, id } = stored;
    try {
      await this.#open(stored, slice);
      return stored;
    } catch (error) {
      if (this.#registry.topics.get(name)?.id === id) {
        if (first === 0) await this.delete(name);
        else await this.#takeBack(stored, first);
      }
      throw storageError(asError(error));
    } finally {
      this.#making.delete(name);
    }
  }

  /** The logs before the count: after a crash in between the next start makes them anew, and finds none that belongs to nobody. */
  async #takeBack(stored: StoredTopic, first: number): Promise<void> {
    const added = Array.from({ length: stored.partitions - first }, (_, index) => first + index);
    await this.#logs.remove(stored.name, added);
    await this.#registry.changeTopic(stored, (topic) => ({ ...topic, partitions: first }), true);
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
    await this.#makeLogs(stored, before.partitions);
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
    this.#configure(this.#registry.topics.get(name) ?? stored);
  }

  /** Applies the broker's changed defaults to every log. */
  reconfigureAll(): void {
    for (const stored of this.#registry.topics.values()) this.#configure(stored);
  }

  /** The settings the topic's logs run with. */
  logConfig(name: string): LogConfig {
    return toLogConfig(this.#require(name).configs, this.#config);
  }

  #require(name: string): StoredTopic {
    const stored = this.#registry.topics.get(name);
    if (stored === undefined) {
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
    }
    return stored;
  }

  /** Makes the logs that are missing, as many as one slice of time allows and then the next. */
  async #open({ name, id, partitions }: StoredTopic, slice: TimeSlice): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) {
      if (this.#logs.get(name, partition) !== undefined) continue;
      await slice.rest();
      // It may have been deleted meanwhile, or be another one of its name, or have other settings.
      const stored = this.#registry.topics.get(name);
      if (stored?.id !== id) return;
      this.#logs.create(name, partition, toLogConfig(stored.configs, this.#config));
    }
  }

  #configure(stored: StoredTopic): void {
    const config = toLogConfig(stored.configs, this.#config);
    for (let partition = 0; partition < stored.partitions; partition++) {
      this.#logs.get(stored.name, partition)?.configure(config);
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

function checkGrowth({ name, partitions }: StoredTopic, count: number): void {
  if (count < partitions) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      `The topic ${name} currently has ${partitions} partition(s); ${count} would not be an increase.`,
    );
  }
  if (count === partitions) {
    throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${count} partition(s).`);
  }
  checkPartitionCount(count);
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

function notHosted(): KafkaError {
  return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
}
