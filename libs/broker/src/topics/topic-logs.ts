import type { Clock } from '@oubliette/runtime';
import type { BrokerConfig } from '../config/broker-config.js';
import { toLogConfig } from '../config/topic-config.js';
import type { Logger } from '../logger.js';
import type { LogManager, PartitionLog } from '../log/partition-log.js';
import { asError, storageError } from '../log/storage-error.js';
import { TimeSlice } from '../log/time-slice.js';
import type { ClusterRegistry } from './cluster-registry.js';
import type { StoredTopic } from './cluster-store.js';

export interface TopicLogsParts {
  readonly registry: ClusterRegistry;
  readonly logs: LogManager;
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The logs of the topics that the registry knows: made a topic at a time, and served when all of a topic's are there. */
export class TopicLogs {
  readonly #registry: ClusterRegistry;
  readonly #logs: LogManager;
  readonly #config: BrokerConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Partitions from so many on are being made: they are not served before all of them are there. */
  readonly #making = new Map<string, number>();
  /** Logs are made for one topic at a time: many requests share one slice of time. */
  #lastMaking: Promise<unknown> = Promise.resolve();
  #makingSlice: TimeSlice | null = null;

  /** `remove`: takes back a whole topic whose logs could not be made. */
  constructor(
    parts: TopicLogsParts,
    private readonly remove: (name: string) => Promise<void>,
  ) {
    this.#registry = parts.registry;
    this.#logs = parts.logs;
    this.#config = parts.config;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  /** Makes what a stop left unmade, gives all logs their settings, and tells of those that belong to nobody. */
  async start(): Promise<void> {
    const slice = new TimeSlice(this.#clock);
    for (const stored of this.#registry.topics.values()) {
      await this.#open(stored, slice);
      this.configure(stored);
    }
    this.#warnOfStrays();
  }

  /** The log of a partition that is served. */
  find(topic: string, partition: number): PartitionLog | undefined {
    const stored = this.#registry.topics.get(topic);
    // Below 0 the key of a log could be that of another topic: `t` and -1 read as `t-` and 1.
    const served = Math.min(stored?.partitions ?? 0, this.#making.get(topic) ?? Infinity);
    const isThere = partition >= 0 && partition < served;
    return isThere ? this.#logs.get(topic, partition) : undefined;
  }

  /** Makes the logs from `first` on; what was made goes again, with the topic or the added partitions, when that fails. */
  make(stored: StoredTopic, first: number): Promise<StoredTopic> {
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

  configure(stored: StoredTopic): void {
    const config = toLogConfig(stored.configs, this.#config);
    for (let partition = 0; partition < stored.partitions; partition++) {
      this.#logs.get(stored.name, partition)?.configure(config);
    }
  }

  async #makeInTurn(stored: StoredTopic, first: number, slice: TimeSlice): Promise<StoredTopic> {
    const { name, id } = stored;
    try {
      await this.#open(stored, slice);
      return stored;
    } catch (error) {
      if (this.#registry.topics.get(name)?.id === id) {
        if (first === 0) await this.remove(name);
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
