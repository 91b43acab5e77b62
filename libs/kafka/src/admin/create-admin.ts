import type { TopicAdmin } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { KafkaClientError } from '../errors.js';
import { createAdminWith } from './admin.js';

/** Connects and gives an admin client. Rejects with `KAFKA_UNAVAILABLE` when no broker can be reached. */
export function createAdmin(settings: KafkaSettings): Promise<TopicAdmin> {
  return createAdminWith(settings, {
    setTopicConfigs: () =>
      Promise.reject(
        new KafkaClientError('KAFKA_REFUSED', 'Setting topic settings waits for the direct client.'),
      ),
    close: () => Promise.resolve(),
  });
}
