import type { Keyring, KeyringOptions } from '@oubliette/keyring';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import {
  CertificateRegister,
  ForgettingService,
  type DeadlineOptions,
  type LedgerMirror,
  type Erasure,
  type Logger,
  type TopicWindow,
} from '../../src/index.js';
import type { InMemoryErasureStore } from '../../src/testing/index.js';
import {
  InMemoryStores,
  SimulatedKeyTopic,
  testSigner,
  type SimulatedCluster,
  type SimulatedSettings,
} from '../../src/testing/index.js';

export const quick: SimulatedSettings = {
  segmentMs: 2_000,
  maxCompactionLagMs: 2_000,
  minCompactionLagMs: 0,
  deleteRetentionMs: 86_400_000,
  fileDeleteDelayMs: 1_000,
  cleanerBackoffMs: 500,
  minCleanableDirtyRatio: 0,
};

/** A deployment on simulated time: ledger, key topic, keyring, service. */
export class Deployment {
  readonly logged: string[] = [];
  readonly certificates: CertificateRegister;
  readonly #services: ForgettingService[] = [];

  private constructor(
    readonly clock: ManualClock,
    readonly topic: SimulatedKeyTopic,
    readonly keyring: Keyring,
    readonly stores: InMemoryStores,
  ) {
    this.certificates = new CertificateRegister({
      ...stores,
      store: stores.certificates,
      signer: testSigner(),
      clock,
    });
  }

  static async start(
    settings: Partial<SimulatedSettings> = {},
    partitions = 4,
    policies: KeyringOptions['policies'] = {},
    cluster: SimulatedCluster = {},
  ): Promise<Deployment> {
    const clock = new ManualClock();
    const topic = new SimulatedKeyTopic(clock, { ...quick, ...settings }, partitions, cluster);
    const keyring = await openTestKeyring({ log: topic.log(), clock, policies });
    return new Deployment(clock, topic, keyring, new InMemoryStores());
  }

  get store(): InMemoryErasureStore {
    return this.stores.erasures;
  }

  /** Another start of the application: the ledger and the topic stay. */
  service(
    deadline?: DeadlineOptions,
    mirror?: LedgerMirror,
    openTopic?: (topic: string) => TopicWindow,
  ): ForgettingService {
    const service = new ForgettingService({
      keyring: this.keyring,
      store: this.store,
      log: this.stores.log,
      certificates: this.certificates,
      window: this.topic,
      clock: this.clock,
      entropy: new SeededEntropy(this.#services.length + 1),
      logger: this.#logger(),
      ...(deadline !== undefined && { deadline }),
      ...(mirror !== undefined && { mirror }),
      ...(openTopic !== undefined && { openTopic }),
    });
    this.#services.push(service);
    return service;
  }

  /** Gives users a key. */
  async enrol(...userIds: readonly string[]): Promise<void> {
    await this.keyring.ensureKeys(userIds.map((userId) => this.keyring.userRef(userId)));
  }

  holds(userId: string): boolean {
    return this.topic.holdsKeyOf(this.keyring.userRef(userId));
  }

  async erasure(erasureId: string): Promise<Erasure> {
    const found = await this.store.get(erasureId);
    if (!found) throw new Error('The erasure is not in the ledger.');
    return found;
  }

  /** Moves time on in steps of 50 ms until the erasure is erased; null after `mostMs`. */
  async untilErased(erasureId: string, mostMs = 60_000): Promise<number | null> {
    const began = this.clock.now();
    while (this.clock.now() - began <= mostMs) {
      if ((await this.erasure(erasureId)).state === 'erased') return this.clock.now() - began;
      await this.clock.advanceAsync(50);
    }
    return null;
  }

  async stop(): Promise<void> {
    for (const service of this.#services) await service.close();
    this.topic.close();
    await this.keyring.close();
  }

  #logger(): Logger {
    const log = (message: string, fields?: object): void => {
      this.logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
    };
    return { info: log, warn: log, error: log };
  }
}
