import { createDirectClient, type DirectClient } from '../direct/index.js';
import { KafkaClientError, nameOf } from '../errors.js';
import type { TopicAdmin } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { createAdminWith, type TopicConfigWriter } from './admin.js';

/** Connects and gives an admin client. Rejects with `KAFKA_UNAVAILABLE` when no broker can be reached. */
export function createAdmin(settings: KafkaSettings): Promise<TopicAdmin> {
  return createAdminWith(settings, new DirectConfigWriter(settings));
}

/** Connects when it is first needed: most admin clients never set anything. */
class DirectConfigWriter implements TopicConfigWriter {
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

  async close(): Promise<void> {
    await this.#client?.close();
  }
}
