import { createAdmin } from '../admin/create-admin.js';
import { createDirectClient, createPartitionReader } from '../direct/index.js';
import { silentLogger } from '../logger.js';
import type { KeyTopicSettings } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { DirectLink } from './direct-link.js';
import { ensureKeyTopic } from './ensure-key-topic.js';
import type { KeyTopicProgress } from './replay-progress.js';
import { FollowedKeyTopic, holdsNoKey, type KeyTopic } from './key-topic.js';
import { keyTopicErrors } from './key-topic-errors.js';
import { Replicas } from '../partition-log/replicas.js';

export interface OpenKeyTopicOptions {
  /** False only reads what is there: no topic is made, no setting changed. Default true. */
  readonly create?: boolean;
  /**
   * Hears how far the replay has come, ten times a second at most, until `follow` resolves; and again when partitions are
   * read anew. `read` goes back where one starts over.
   */
  readonly onProgress?: (progress: KeyTopicProgress) => void;
}

/**
 * Makes sure that the key topic stands with safe settings and opens it; `follow` then loads it.
 * Rejects with `KEY_TOPIC_UNSAFE`, `KEY_TOPIC_MISSING` (only without `create`), `KAFKA_UNAVAILABLE` (retriable) or
 * `KAFKA_REFUSED`.
 */
export async function openKeyTopic(
  settings: KafkaSettings,
  keyTopic: KeyTopicSettings,
  options: OpenKeyTopicOptions = {},
): Promise<KeyTopic> {
  const logger = settings.logger ?? silentLogger;
  const admin = await createAdmin(settings);
  try {
    await ensureKeyTopic(admin, keyTopic, { create: options.create ?? true, logger });
  } catch (error) {
    await admin.close();
    throw error;
  }
  const requests = createDirectClient(settings);
  // What fails is not repeated unseen: another leader may have come, which the follower has to know.
  const polls = createDirectClient(settings, { retry: { attempts: 1, initialMs: 0, maxMs: 0 } });
  // A broker that is down must not hold up reading the others for long.
  const looks = createDirectClient(settings, {
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
    retry: { attempts: 3, initialMs: 100, maxMs: 400 },
  });
  return new FollowedKeyTopic({
    keyTopic,
    link: new DirectLink({ topic: keyTopic.topic, requests, polls }),
    reader: createPartitionReader(requests),
    replicas: new Replicas({
      topic: keyTopic.topic,
      client: looks,
      errors: keyTopicErrors,
      isEmpty: holdsNoKey,
    }),
    admin,
    clock: settings.clock,
    logger,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
}
