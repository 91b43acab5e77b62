import { createDirectClient, type DirectClient } from '../direct/index.js';
import { translateError, KafkaClientError } from '../errors.js';
import type { LogErrors } from '../partition-log/log-errors.js';
import { Replicas } from '../partition-log/replicas.js';
import type {
  LogConfigs,
  LogExtent,
  PartitionCondition,
  ReplicaLog,
  ReplicaState,
} from '../partition-log/replicas.js';
import type { LogSettingsInForce } from '../partition-log/settings-in-force.js';
import type { KafkaSettings } from '../settings.js';

/** The key of nudges: nobody's record has it, so that a record with it and no value says nothing to whoever reads the topic. */
export const NUDGE_KEY = 'oubliette.nudge';

/**
 * A topic of an application, through which the erasing of its records is seen and done. Rejects with `KAFKA_UNAVAILABLE` (retriable),
 * also where the topic is not known to the cluster, and with `KAFKA_REFUSED`.
 */
export interface TopicWindow {
  readonly topic: string;
  partitions(): Promise<readonly number[]>;
  replicas(partition: number): Promise<readonly ReplicaState[]>;
  /** Begins to read one replica from the broker that has it. A record without a value is a tombstone. */
  readReplica(partition: number, broker: number): Promise<ReplicaLog>;
  /** From where to where one replica's log goes; null: it does not reach `end` yet. */
  extent(partition: number, broker: number, end: bigint): Promise<LogExtent | null>;
  /** The high watermark at the leader. */
  end(partition: number): Promise<bigint>;
  appendedSince(partition: number, at: number): Promise<boolean>;
  condition(partition: number): Promise<PartitionCondition>;
  settings(): Promise<LogSettingsInForce>;
  configs(): Promise<LogConfigs>;
  /** Appends a record that nobody has any use for, so that segments roll. */
  nudge(partition: number): Promise<void>;
  /** Appends a record without a value for each of these keys; acknowledged by all in-sync replicas. */
  bury(partition: number, keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Of one batch. */
const mostBuried = 1_000;

/** Connects when first used. */
export function openTopicWindow(settings: KafkaSettings, topic: string): TopicWindow {
  const requests = createDirectClient(settings);
  // A broker that is down must not hold up reading the others for long.
  const looks = createDirectClient(settings, {
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
    retry: { attempts: 3, initialMs: 100, maxMs: 400 },
  });
  return new DirectTopicWindow(topic, requests, looks);
}

class DirectTopicWindow implements TopicWindow {
  readonly #requests: DirectClient;
  readonly #errors: LogErrors;
  readonly #replicas: Replicas;

  constructor(
    readonly topic: string,
    requests: DirectClient,
    looks: DirectClient,
  ) {
    this.#requests = requests;
    this.#errors = errorsOf(topic);
    const isEmpty = (value: Uint8Array | null): boolean => value === null;
    this.#replicas = new Replicas({ topic, client: looks, errors: this.#errors, isEmpty });
  }

  partitions(): Promise<readonly number[]> {
    return this.#replicas.partitions();
  }

  replicas(partition: number): Promise<readonly ReplicaState[]> {
    return this.#replicas.list(partition);
  }

  readReplica(partition: number, broker: number): Promise<ReplicaLog> {
    return this.#replicas.read(partition, broker);
  }

  extent(partition: number, broker: number, end: bigint): Promise<LogExtent | null> {
    return this.#replicas.extent(partition, broker, end);
  }

  end(partition: number): Promise<bigint> {
    return this.#replicas.end(partition);
  }

  appendedSince(partition: number, at: number): Promise<boolean> {
    return this.#replicas.appendedSince(partition, at);
  }

  condition(partition: number): Promise<PartitionCondition> {
    return this.#replicas.condition(partition);
  }

  settings(): Promise<LogSettingsInForce> {
    return this.#replicas.settings();
  }

  configs(): Promise<LogConfigs> {
    return this.#replicas.configs();
  }

  nudge(partition: number): Promise<void> {
    return this.bury(partition, [NUDGE_KEY]);
  }

  async bury(partition: number, keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += mostBuried) {
      const records = keys
        .slice(from, from + mostBuried)
        .map((key) => ({ key: Buffer.from(key), value: null }));
      await this.#errors.as('Appending', this.#requests.produceBatch(this.topic, partition, records));
    }
  }

  async close(): Promise<void> {
    await this.#replicas.close();
    await this.#requests.close();
  }
}

function errorsOf(topic: string): LogErrors {
  return {
    async as(what, work) {
      try {
        return await work;
      } catch (error) {
        throw translateError(error, `${what} at topic ${topic}`);
      }
    },
    unavailable: (what) =>
      new KafkaClientError(
        'KAFKA_UNAVAILABLE',
        `${what} at topic ${topic}. Check that its brokers are up and enough replicas in sync, then try again.`,
        { retriable: true },
      ),
  };
}
