import type { Keyring, MasterKeys } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import type { InMemoryKeyLog } from '@oubliette/keyring/testing';
import {
  CertificateRegister,
  ErasureVerifier,
  ForgettingService,
  RestrictionService,
  topicSource,
} from '@oubliette/privacy';
import type { KeyTopicWindow, PrivacyLog } from '@oubliette/privacy';
import { InMemoryStores, testSigner } from '@oubliette/privacy/testing';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import type { OublietteEngine } from '../engine/engine.js';
import { forgettingOf } from '../engine/forgetting-of.js';
import { InMemoryCluster } from './in-memory-cluster.js';

/** The name under which directories in log directories hold the key topic. */
export const TEST_KEY_TOPIC = 'oubliette.keys';

export interface TestEngineOptions {
  /** Default: a key that every test may know. */
  readonly masterKeys?: MasterKeys;
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

export async function openTestEngine({ masterKeys }: TestEngineOptions = {}): Promise<TestEngine> {
  const clock = new ManualClock();
  const entropy = new SeededEntropy(7);
  const disk = new SimulatedDisk(clock);
  const keyTopic = new InMemoryKeyTopic({ clock });
  const keyLog = keyTopic.open();
  const own = masterKeys === undefined ? {} : { masterKeys };
  const keyring = await openTestKeyring({ topic: keyTopic, log: keyLog, clock, ...own });
  const cluster = new InMemoryCluster(clock);
  const stores = new InMemoryStores();
  const forgetting = forgettingOn(keyring, stores, clock, entropy);
  const admin = cluster.admin();
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
    forgetting: forgettingOf(forgetting, keyring, stores.erasures),
    restrictions: new RestrictionService({ keyring, clock, log: stores.log }),
    privacyLog: stores.log,
    certificates: new CertificateRegister({
      store: stores.certificates,
      erasures: stores.erasures,
      signer: testSigner(),
      clock,
    }),
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
      await keyring.close();
    },
  };
  return engine;
}

/** Nothing is to be nudged: there is no log that bytes could stay in. */
function forgettingOn(
  keyring: Keyring,
  stores: InMemoryStores,
  clock: ManualClock,
  entropy: SeededEntropy,
): ForgettingService {
  return new ForgettingService({
    keyring,
    store: stores.erasures,
    log: stores.log,
    window: emptyWindow,
    clock,
    entropy,
  });
}

const emptyWindow: KeyTopicWindow = {
  partitionCount: 1,
  replicas: () => Promise.resolve([{ broker: 1, isLive: true, isInSync: true, isLeader: true }]),
  readReplica: () => Promise.resolve({ logStart: 0n, highWatermark: 0n, records: noRecords() }),
  end: () => Promise.resolve(0n),
  appendedSince: () => Promise.resolve(false),
  condition: () => Promise.resolve({ leader: 1, inSync: 1, minInSync: 1, openTransactions: [] }),
  nudge: () => Promise.resolve(),
  settings: () =>
    Promise.resolve({
      segmentMs: 2_000,
      maxCompactionLagMs: 2_000,
      deleteRetentionMs: 86_400_000,
      fileDeleteDelayMs: 1_000,
      cleanerBackoffMs: 500,
      minCleanableDirtyRatio: 0,
      timestampAfterMaxMs: 0,
    }),
};

async function* noRecords(): AsyncGenerator<never> {}
