import { createDirectClient, type DirectClient } from '../direct/index.js';
import { codeOrName, KafkaClientError, nameOf } from '../errors.js';
import type { LogInspection, TopicAdmin } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { createAdminWith, type DirectAdmin } from './admin.js';
import { inspectLogs } from './inspect-logs.js';

/** Connects and gives an admin client. Rejects with `KAFKA_UNAVAILABLE` when no broker can be reached. */
export function createAdmin(settings: KafkaSettings): Promise<TopicAdmin> {
  return createAdminWith(settings, new LazyDirectAdmin(settings));
}

/** Connects when it is first needed: most admin clients never set or inspect anything. */
class LazyDirectAdmin implements DirectAdmin {
  readonly #settings: KafkaSettings;
  #client: DirectClient | null = null;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  async setTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    this.#client ??= createDirectClient(this.#settings);
    const changes = Object.entries(configs).map(([name, value]) => ({
      name,
      value,
      operation: 'set' as const,
    }));
    try {
      await this.#client.incrementalAlterConfigs({ type: 'topic', name: topic }, changes);
    } catch (error) {
      throw new KafkaClientError(
        'KAFKA_REFUSED',
        `Setting ${Object.keys(configs).join(', ')} of the topic ${topic} failed: ${nameOf(error)}. Check the values and the right to alter configurations.`,
        { cause: error },
      );
    }
  }

  async inspectLogs(topics: readonly string[], brokerSettings: readonly string[]): Promise<LogInspection> {
    try {
      this.#client ??= createDirectClient(this.#settings);
    } catch (error) {
      // SASL is not spoken there: nothing can be seen, and the caller is told so.
      const unseen = [{ what: 'logs, producers and the settings of each broker', code: codeOrName(error) }];
      return {
        at: this.#settings.clock.now(),
        brokers: [],
        copies: null,
        transactionalProducers: [],
        unseen,
      };
    }
    return inspectLogs(this.#client, this.#settings.clock, topics, brokerSettings);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}
