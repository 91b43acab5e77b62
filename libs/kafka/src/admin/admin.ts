import type { Clock } from '@oubliette/runtime';
import kafkajs, { type Admin, type DescribeConfigResponse } from 'kafkajs';
import { createKafkajs } from '../client/kafkajs-client.js';
import { KafkaClientError, protocolErrorType, translateError } from '../errors.js';
import type { LogInspection, TopicAdmin, TopicDescription, TopicSpec } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { askPatiently } from './patience.js';

/** What kafkajs has no call for. */
export interface DirectAdmin {
  /** Sets single settings of a topic and leaves the others alone (API 44, KIP-339). */
  setTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void>;
  inspectLogs(topics: readonly string[], brokerSettings: readonly string[]): Promise<LogInspection>;
  close(): Promise<void>;
}

const requestTimeoutMs = 30_000;
/** With ZooKeeper a name is taken for a moment before its topic is known, and for a moment after it is not any more. */
const inBetween = 'a topic of this name is being made by another process, or deleted. Try again.';

/** Connects and gives an admin client. Rejects with `KAFKA_UNAVAILABLE` when no broker can be reached. */
export async function createAdminWith(settings: KafkaSettings, direct: DirectAdmin): Promise<TopicAdmin> {
  const admin = createKafkajs(settings).admin();
  try {
    await admin.connect();
  } catch (error) {
    await admin.disconnect();
    await direct.close();
    throw translateError(error, `Connecting an admin client to ${settings.brokers.join(', ')}`);
  }
  return new KafkajsAdmin(admin, direct, settings.clock);
}

class KafkajsAdmin implements TopicAdmin {
  readonly #admin: Admin;
  readonly #direct: DirectAdmin;
  readonly #clock: Clock;
  readonly #closing = new AbortController();

  constructor(admin: Admin, direct: DirectAdmin, clock: Clock) {
    this.#admin = admin;
    this.#direct = direct;
    this.#clock = clock;
  }

  async createTopic(spec: TopicSpec): Promise<boolean> {
    const what = `Creating the topic ${spec.name}`;
    const made = await askPatiently(this.#clock, this.#closing.signal, async () => {
      if (await this.#ask(what, () => this.#create(spec))) return true;
      if ((await this.listTopics()).includes(spec.name)) return false;
      throw new KafkaClientError('KAFKA_UNAVAILABLE', `${what} failed: ${inBetween}`, { retriable: true });
    });
    if (made) await this.#heardOf(what, spec.name);
    return made;
  }

  #create(spec: TopicSpec): Promise<boolean> {
    const configEntries = Object.entries(spec.configs ?? {}).map(([name, value]) => ({ name, value }));
    return this.#admin.createTopics({
      waitForLeaders: false,
      timeout: requestTimeoutMs,
      topics: [
        {
          topic: spec.name,
          numPartitions: spec.partitions,
          replicationFactor: spec.replicationFactor ?? -1,
          configEntries,
        },
      ],
    });
  }

  // Brokers hear of a new topic a moment after the controller made it. kafkajs's own waiting takes "unknown" for an answer.
  async #heardOf(what: string, topic: string): Promise<void> {
    await askPatiently(this.#clock, this.#closing.signal, async () => {
      try {
        await this.#admin.fetchTopicMetadata({ topics: [topic] });
      } catch (error) {
        throw translateError(error, what);
      }
    });
  }

  async listTopics(): Promise<string[]> {
    const names = await this.#askAgain('Listing topics', () => this.#admin.listTopics());
    return names.sort();
  }

  async describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    if (names.length === 0) return [];
    await this.#assertExist(names);
    const what = `Describing the topics ${names.join(', ')}`;
    const { topics } = await this.#askAgain(what, () =>
      this.#admin.fetchTopicMetadata({ topics: [...names] }),
    );
    const configs = await this.#configs(
      what,
      names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
    );
    return names.map((name) => ({
      name,
      partitions: (topics.find((topic) => topic.name === name)?.partitions ?? [])
        .map(({ partitionId, leader, replicas, isr }) => ({ partition: partitionId, leader, replicas, isr }))
        .sort((a, b) => a.partition - b.partition),
      configs: configs.get(name) ?? {},
    }));
  }

  async liveBrokers(): Promise<number> {
    const { brokers } = await this.#askAgain('Counting the brokers', () => this.#admin.describeCluster());
    return brokers.length;
  }

  async brokerConfigs(): Promise<Readonly<Record<string, string>>> {
    const what = "Reading a broker's configuration";
    const { brokers, controller } = await this.#askAgain(what, () => this.#admin.describeCluster());
    const nodeId = controller ?? brokers[0]?.nodeId;
    if (nodeId === undefined)
      throw new KafkaClientError('KAFKA_UNAVAILABLE', `${what} failed: no broker is up.`, {
        retriable: true,
      });
    const name = `${nodeId}`;
    const configs = await this.#configs(what, [{ type: kafkajs.ConfigResourceTypes.BROKER, name }]);
    return configs.get(name) ?? {};
  }

  async setTopicConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#assertExist([name]);
    await this.#direct.setTopicConfigs(name, configs);
  }

  inspectLogs(topics: readonly string[], brokerSettings: readonly string[]): Promise<LogInspection> {
    return this.#direct.inspectLogs(topics, brokerSettings);
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#assertExist([name]);
    await this.#ask(`Deleting the topic ${name}`, () =>
      this.#admin.deleteTopics({ topics: [name], timeout: requestTimeoutMs }),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#admin.disconnect();
    await this.#direct.close();
  }

  async #configs(
    what: string,
    resources: { type: number; name: string }[],
  ): Promise<Map<string, Record<string, string>>> {
    const response: DescribeConfigResponse = await this.#askAgain(what, () =>
      this.#admin.describeConfigs({ resources, includeSynonyms: false }),
    );
    return new Map(
      response.resources.map(({ resourceName, configEntries }) => [
        resourceName,
        // Sensitive settings come without a value.
        Object.fromEntries(
          configEntries
            .filter(({ configValue }) => configValue !== null)
            .map(({ configName, configValue }) => [configName, configValue]),
        ),
      ]),
    );
  }

  // Asking for the metadata of a topic that is not there is retried by kafkajs for as long as an outage would be.
  async #assertExist(names: readonly string[]): Promise<void> {
    const existing = new Set(await this.listTopics());
    const missing = names.filter((name) => !existing.has(name));
    if (missing.length > 0)
      throw new KafkaClientError('TOPIC_MISSING', `There is no topic ${missing.join(', ')} in this cluster.`);
  }

  /** For what may be asked twice. */
  #askAgain<T>(what: string, call: () => Promise<T>): Promise<T> {
    return askPatiently(this.#clock, this.#closing.signal, () => this.#ask(what, call));
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (protocolErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION')
        throw new KafkaClientError('TOPIC_MISSING', `${what} failed: the cluster has no such topic.`, {
          cause: error,
        });
      throw translateError(error, what);
    }
  }
}
