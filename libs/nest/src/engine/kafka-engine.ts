import {
  ThrottledLogger,
  createAdmin,
  createConsumer,
  createDirectClient,
  createPartitionReader,
  createProducer,
  createTopicScanner,
  openKeyTopic,
  openTopicWindow,
} from '@oubliette/kafka';
import type { DirectClient, KafkaSettings, KeyTopic, Logger } from '@oubliette/kafka';
import { loadMasterKeyFile, openKeyring, openMasterKeys } from '@oubliette/keyring';
import type { Keyring, KeyringOptions, MasterKeys } from '@oubliette/keyring';
import {
  ErasureMessages,
  ErasureVerifier,
  LogDirKeyFiles,
  ForgettingService,
  RestrictionService,
  erasureTopicOf,
  ledgerTopicOf,
  openTopicMirror,
  topicSource,
} from '@oubliette/privacy';
import type { Acknowledgements, LedgerMirror, TopicMirrorParts } from '@oubliette/privacy';
import { SystemClock, SystemDisk, SystemEntropy, sleep } from '@oubliette/runtime';
import type { Clock, Entropy } from '@oubliette/runtime';
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import { certificatesOf } from './certificates-of.js';
import type { OublietteEngine } from './engine.js';
import { forgettingOf } from './forgetting-of.js';
import { KEY_TOPIC_DEFAULTS } from './kafka-engine-options.js';
import type { KafkaEngineOptions, UserKeyOptions } from './kafka-engine-options.js';
import { nestLogger } from './nest-logger.js';
import { openAcknowledgements, type AcknowledgingParts } from '../processors/open-acknowledgements.js';
import { logsReplay } from './replay-log.js';

const PROBE_MS = 2_000;

type Close = () => Promise<void>;

/**
 * Opens everything below Nest over Kafka's protocol and resolves when the key topic is loaded, and whoever came back with a restored key
 * topic is forgotten again; what was left of earlier erasures goes on when forgetting begins. What was opened is closed again when a later step fails; errors are those of the libs, as they are.
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
  const settings = { ...connectionOf(options), logger, clock };
  const { keyring, keyTopic } = await openKeys(options, settings, entropy, closes);
  const admin = await createAdmin(settings);
  closes.push(() => admin.close());
  const producer = await createProducer(settings);
  closes.push(() => producer.close());
  // Connects when somebody reads by it.
  const direct = createDirectClient(settings);
  closes.push(() => direct.close());
  const guardedKeyTopic = options.keyTopic?.topic ?? KEY_TOPIC_DEFAULTS.topic;
  const mirror = await openMirror(guardedKeyTopic, direct, { logger, admin, producer, keyring }, closes);
  const certificates = await certificatesOf(options, { clock, entropy }, closes);
  const { stores, deadline } = options;
  const erasureMessages = new ErasureMessages({ topic: erasureTopicOf(guardedKeyTopic), keyring, logger });
  const acknowledgements = await acknowledgementsOf(
    options,
    {
      store: stores.acknowledgements,
      erasures: stores.erasures,
      messages: erasureMessages,
      producer,
      admin,
      groupId: `${options.clientId}.acknowledgements`,
      createConsumer: (consumer) => createConsumer(settings, consumer),
      clock,
      logger,
      ...(certificates === null ? {} : { certificates }),
    },
    closes,
  );
  const { logDirs = [], disk = new SystemDisk() } = options;
  const forgetting = new ForgettingService({
    keyring,
    store: stores.erasures,
    mirror,
    log: stores.log,
    ...(stores.leases === undefined ? {} : { leases: stores.leases }),
    window: keyTopic,
    openTopic: (topic) => openTopicWindow(settings, topic),
    clock,
    entropy,
    logger,
    ...(certificates === null ? {} : { certificates }),
    ...(acknowledgements === null ? {} : { acknowledgements }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(logDirs.length === 0
      ? {}
      : { files: new LogDirKeyFiles({ disk, clock, logger, keyTopic: guardedKeyTopic, logDirs }) }),
  });
  closes.push(() => forgetting.close());
  await forgetting.checkLedger();
  const verifier = new ErasureVerifier({
    keyring,
    log: keyTopic,
    admin,
    disk,
    clock,
    keyTopic: guardedKeyTopic,
    logDirs,
  });
  closes.push(() => verifier.close());
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
    forgetting: forgettingOf(forgetting, keyring, stores),
    restrictions: new RestrictionService({ keyring, clock, log: stores.log }),
    guardedKeyTopic,
    erasureMessages,
    certificates,
    verifier,
    topics: topicSource({ name: 'topics', scanner: createTopicScanner(direct) }),
    createConsumer: (consumer) => createConsumer(settings, consumer),
    keysFresh: async () => keyring.isFresh && (await hears(keyTopic, clock)),
    close: () => closeAll(closes),
  };
}

async function acknowledgementsOf(
  { processors }: KafkaEngineOptions,
  parts: Omit<AcknowledgingParts, 'processors'>,
  closes: Close[],
): Promise<Acknowledgements | null> {
  return processors === undefined ? null : openAcknowledgements({ ...parts, processors }, closes);
}

/** Beside the key topic: whoever backs that up has both. */
async function openMirror(
  keyTopic: string,
  direct: DirectClient,
  parts: Pick<TopicMirrorParts, 'admin' | 'producer' | 'keyring' | 'logger'>,
  closes: Close[],
): Promise<LedgerMirror> {
  const topic = ledgerTopicOf(keyTopic);
  const mirror = await openTopicMirror({ ...parts, topic, reader: createPartitionReader(direct) });
  closes.push(() => mirror.close());
  return mirror;
}

function connectionOf({ brokers, clientId, ssl, sasl }: KafkaEngineOptions): Omit<KafkaSettings, 'clock'> {
  return {
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

/** Master keys stay open as long as the keyring, which asks them again, and close after it where they are ours. */
async function openKeys(
  options: KafkaEngineOptions,
  settings: KafkaSettings & { readonly logger: Logger },
  entropy: Entropy,
  closes: Close[],
): Promise<{ keyring: Keyring; keyTopic: KeyTopic }> {
  const { clock, logger } = settings;
  const masterKeys = await masterKeysOf(options, clock, entropy);
  if (masterKeys !== options.masterKeys) closes.push(async () => masterKeys.close());
  const keyTopicSettings = { ...KEY_TOPIC_DEFAULTS, ...options.keyTopic };
  const { onProgress = logsReplay(logger, clock), ...userKeys } = options.userKeys ?? {};
  const keyTopic = await openKeyTopic(settings, keyTopicSettings, { onProgress });
  // The keyring owns its log from here, also when opening it fails.
  const keyringOptions = keyringOptionsOf(userKeys);
  const keyring = await openKeyring({ log: keyTopic, masterKeys, clock, entropy, ...keyringOptions });
  closes.push(() => keyring.close());
  return { keyring, keyTopic };
}

function keyringOptionsOf({
  policy,
  purposes,
  ...others
}: Omit<UserKeyOptions, 'onProgress'>): Partial<KeyringOptions> {
  return { ...others, policies: { ...purposes, ...(policy === undefined ? {} : { '': policy }) } };
}

async function masterKeysOf(
  { masterKeys, ...options }: KafkaEngineOptions,
  clock: Clock,
  entropy: Entropy,
): Promise<MasterKeys> {
  const disk = options.disk ?? new SystemDisk();
  if ('file' in masterKeys) return loadMasterKeyFile(masterKeys.file, disk, entropy);
  if (!('place' in masterKeys)) return masterKeys;
  const { place, service, environment = process.env } = masterKeys;
  return openMasterKeys(place, { disk, entropy, clock, environment }, service);
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
