import { ThrottledLogger, createAdmin, createConsumer, createProducer, openKeyTopic } from '@oubliette/kafka';
import type { KafkaSettings, KeyTopic } from '@oubliette/kafka';
import { loadMasterKeyFile, openKeyring } from '@oubliette/keyring';
import type { Keyring, MasterKeys } from '@oubliette/keyring';
import { ForgettingService } from '@oubliette/privacy';
import { SystemClock, SystemDisk, SystemEntropy, sleep } from '@oubliette/runtime';
import type { Clock, Entropy } from '@oubliette/runtime';
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import type { OublietteEngine } from './engine.js';
import { KEY_TOPIC_DEFAULTS } from './kafka-engine-options.js';
import type { KafkaEngineOptions } from './kafka-engine-options.js';
import { nestLogger } from './nest-logger.js';

const PROBE_MS = 2_000;

type Close = () => Promise<void>;

/**
 * Opens everything below Nest over Kafka's protocol and resolves when the key topic is loaded and what was left of earlier
 * erasures goes on. What was opened is closed again when a later step fails; errors are those of the libs, as they are.
 */
export async function openKafkaEngine(options: KafkaEngineOptions): Promise<OublietteEngine> {
  const closes: Close[] = [];
  try {
    return await open(options, closes);
  } catch (error) {
    await closeAll(closes);
    throw error;
  }
}

async function open(options: KafkaEngineOptions, closes: Close[]): Promise<OublietteEngine> {
  const clock = options.clock ?? new SystemClock();
  const entropy = options.entropy ?? new SystemEntropy();
  // One for all clients: an outage is said once, not once a client.
  const logger = ThrottledLogger.of(options.logger ?? nestLogger(), clock);
  const settings: KafkaSettings = { ...connectionOf(options), logger, clock };
  const { keyring, keyTopic } = await openKeys(options, settings, entropy);
  closes.push(() => keyring.close());
  const admin = await createAdmin(settings);
  closes.push(() => admin.close());
  const producer = await createProducer(settings);
  closes.push(() => producer.close());
  const { erasures, erasureDeadlineMs } = options;
  const forgetting = new ForgettingService({
    keyring,
    store: erasures,
    window: keyTopic,
    clock,
    entropy,
    logger,
    ...(erasureDeadlineMs === undefined ? {} : { deadlineMs: erasureDeadlineMs }),
  });
  closes.push(() => forgetting.close());
  await forgetting.resume();
  return {
    clock,
    entropy,
    keyring,
    codec: createEventCodec({
      keyring,
      format: options.format ?? createJsonFormat(),
      ...(options.alsoReads === undefined ? {} : { alsoReads: options.alsoReads }),
    }),
    producer,
    admin,
    forgetting: {
      request: (userId) => forgetting.request(userId),
      find: (erasureId) => forgetting.find(erasureId),
      findByUser: async (userId) => erasures.findByUser(keyring.userRef(userId)),
      list: (limit, before) => erasures.list(limit, before),
      counts: () => erasures.counts(),
    },
    createConsumer: (consumer) => createConsumer(settings, consumer),
    keysFresh: () => hears(keyTopic, clock),
    close: () => closeAll(closes),
  };
}

function connectionOf({ brokers, clientId, ssl, sasl }: KafkaEngineOptions): Omit<KafkaSettings, 'clock'> {
  return {
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

async function openKeys(
  options: KafkaEngineOptions,
  settings: KafkaSettings,
  entropy: Entropy,
): Promise<{ keyring: Keyring; keyTopic: KeyTopic }> {
  const own = 'file' in options.masterKeys;
  const masterKeys = await masterKeysOf(options, entropy);
  try {
    const keyTopic = await openKeyTopic(settings, { ...KEY_TOPIC_DEFAULTS, ...options.keyTopic });
    // The keyring owns its log from here, also when opening it fails.
    const keyring = await openKeyring({ log: keyTopic, masterKeys, clock: settings.clock, entropy });
    return { keyring, keyTopic };
  } finally {
    // Needed while opening only: wiped at once where they are ours.
    if (own) masterKeys.close();
  }
}

async function masterKeysOf({ masterKeys, disk }: KafkaEngineOptions, entropy: Entropy): Promise<MasterKeys> {
  if (!('file' in masterKeys)) return masterKeys;
  return loadMasterKeyFile(masterKeys.file, disk ?? new SystemDisk(), entropy);
}

/** A read barrier on one partition within two seconds: the log answers and its follower has heard all of it. */
async function hears(keyTopic: KeyTopic, clock: Clock): Promise<boolean> {
  const late = new AbortController();
  try {
    return await Promise.race([
      keyTopic.caughtUp(0).then(() => true),
      sleep(clock, PROBE_MS, late.signal).then(() => false),
    ]);
  } catch {
    // Not heard is the answer, whatever the reason: the key topic's own log line has it.
    return false;
  } finally {
    late.abort();
  }
}

/** In reverse order of opening, each one whatever the others do; the first failure is reported. */
async function closeAll(closes: Close[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closes.splice(0).reverse())
    await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
