import { silentLogger, type ConsumerOptions, type Logger } from '@oubliette/kafka';
import type { Keyring, MasterKeys } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import type { InMemoryKeyLog } from '@oubliette/keyring/testing';
import {
  CertificateRegister,
  ErasureMessages,
  ErasureVerifier,
  ForgettingService,
  RestrictionService,
  erasureTopicOf,
  topicSource,
} from '@oubliette/privacy';
import type { Acknowledgements, KeyTopicWindow, PrivacyLog } from '@oubliette/privacy';
import { InMemoryStores, testSigner } from '@oubliette/privacy/testing';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import type { OublietteEngine } from '../engine/engine.js';
import { forgettingOf } from '../engine/forgetting-of.js';
import { openAcknowledgements } from '../processors/open-acknowledgements.js';
import { InMemoryCluster } from './in-memory-cluster.js';
import { inMemoryTopicWindow, soundLog } from './in-memory-topic-window.js';

/** The name under which directories in log directories hold the key topic. */
export const TEST_KEY_TOPIC = 'oubliette.keys';

export interface TestEngineOptions {
  /** Default: a key that every test may know. */
  readonly masterKeys?: MasterKeys;
  /** As in KafkaEngineOptions. */
  readonly processors?: readonly string[];
  /** Hears what is logged below Nest; default: nobody. */
  readonly logger?: Logger;
}

/** An engine on memory for tests of applications: no broker, no timers. `cluster.deliver()` hands records to handlers. */
export interface TestEngine extends OublietteEngine {
  readonly cluster: InMemoryCluster;
  readonly keyTopic: InMemoryKeyTopic;
  /** The engine's own view of the key topic: hold it and the engine lags behind. */
  readonly keyLog: InMemoryKeyLog;
  readonly clock: ManualClock;
  /** Where verifications look for log directories. */
  readonly disk: SimulatedDisk;
  readonly privacyLog: PrivacyLog;
  /** Makes readiness fail. */
  fresh: boolean;
  readonly closed: boolean;
}

export async function openTestEngine({
  masterKeys,
  processors,
  logger = silentLogger,
}: TestEngineOptions = {}): Promise<TestEngine> {
  const clock = new ManualClock();
  const entropy = new SeededEntropy(7);
  const disk = new SimulatedDisk(clock);
  const keyTopic = new InMemoryKeyTopic({ clock });
  const keyLog = keyTopic.open();
  const own = masterKeys === undefined ? {} : { masterKeys };
  const keyring = await openTestKeyring({ topic: keyTopic, log: keyLog, clock, ...own });
  const cluster = new InMemoryCluster(clock);
  const stores = new InMemoryStores();
  const certificates = new CertificateRegister({
    ...stores,
    store: stores.certificates,
    signer: testSigner(),
    clock,
  });
  const admin = cluster.admin();
  const closes: (() => Promise<void>)[] = [];
  const acknowledging = {
    store: stores.acknowledgements,
    erasures: stores.erasures,
    messages: new ErasureMessages({ topic: erasureTopicOf(TEST_KEY_TOPIC), keyring, logger }),
    producer: cluster.producer(),
    admin,
    groupId: 'test.acknowledgements',
    createConsumer: (options: ConsumerOptions) => cluster.consumer(options),
    certificates,
    clock,
    logger,
  };
  const acknowledgements =
    processors === undefined ? null : await openAcknowledgements({ ...acknowledging, processors }, closes);
  const forgetting = forgettingOn({ keyring, stores, clock, entropy, acknowledgements, cluster });
  const verifier = new ErasureVerifier({
    keyring,
    log: keyLog,
    admin,
    disk,
    clock,
    keyTopic: TEST_KEY_TOPIC,
  });
  let closed = false;
  const engine: TestEngine = {
    clock,
    entropy,
    disk,
    keyring,
    keyTopic,
    keyLog,
    cluster,
    codec: createEventCodec({ keyring, format: createJsonFormat() }),
    producer: cluster.producer(),
    admin,
    forgetting: forgettingOf(forgetting, keyring, stores),
    restrictions: new RestrictionService({ keyring, clock, log: stores.log }),
    privacyLog: stores.log,
    erasureMessages: acknowledging.messages,
    certificates,
    verifier,
    topics: topicSource({ name: 'topics', scanner: cluster.scanner() }),
    createConsumer: (options) => cluster.consumer(options),
    fresh: true,
    keysFresh: () => Promise.resolve(engine.fresh),
    get closed() {
      return closed;
    },
    close: async () => {
      closed = true;
      await verifier.close();
      await forgetting.close();
      for (const close of closes.reverse()) await close();
      await keyring.close();
    },
  };
  return engine;
}

/** Nothing is to be nudged: there is no log that bytes could stay in. Records of users end in topics that are declared so. */
function forgettingOn({
  keyring,
  stores,
  clock,
  entropy,
  acknowledgements,
  cluster,
}: {
  readonly cluster: InMemoryCluster;
  readonly keyring: Keyring;
  readonly stores: InMemoryStores;
  readonly clock: ManualClock;
  readonly entropy: SeededEntropy;
  readonly acknowledgements: Acknowledgements | null;
}): ForgettingService {
  return new ForgettingService({
    keyring,
    store: stores.erasures,
    log: stores.log,
    window: emptyWindow,
    openTopic: (topic) => inMemoryTopicWindow(cluster, topic),
    clock,
    entropy,
    ...(acknowledgements === null ? {} : { acknowledgements }),
  });
}

const emptyWindow: KeyTopicWindow = {
  ...soundLog,
  partitionCount: 1,
  readReplica: () => Promise.resolve({ logStart: 0n, highWatermark: 0n, records: noRecords() }),
  end: () => Promise.resolve(0n),
  appendedSince: () => Promise.resolve(false),
  nudge: () => Promise.resolve(),
};

async function* noRecords(): AsyncGenerator<never> {}
