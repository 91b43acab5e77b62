import assert from 'node:assert/strict';
import { openKeyTopic, type KafkaSettings, type KeyTopic, type KeyTopicSettings } from '@oubliette/kafka';
import { eventually } from '@oubliette/kafka/testing';
import { openKeyring, type Keyring, type UserRef } from '@oubliette/keyring';
import { testMasterKeys } from '@oubliette/keyring/testing';
import {
  CertificateRegister,
  ForgettingService,
  publicKeyPem,
  readTrustedKeys,
  verifyCertificate,
  type Erasure,
  type ErasureStatement,
  type KeyTopicWindow,
} from '@oubliette/privacy';
import { InMemoryStores, testSigner } from '@oubliette/privacy/testing';
import { SystemClock, SystemEntropy } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';

const clock = new SystemClock();
const patienceMs = 90_000;

/** What forgets and certifies: a keyring, the ledger and the nudger on a key topic of its own with one partition. */
export class ErasingApplication {
  readonly #stores = new InMemoryStores();
  readonly #certificates = new CertificateRegister({
    ...this.#stores,
    store: this.#stores.certificates,
    signer: testSigner(),
    clock,
  });
  readonly #service: ForgettingService;

  private constructor(
    readonly keyring: Keyring,
    readonly keys: KeyTopic,
    readonly kafka: KafkaSettings,
    readonly keyTopic: KeyTopicSettings,
    window: KeyTopicWindow,
  ) {
    const { erasures: store, log } = this.#stores;
    const certificates = this.#certificates;
    const entropy = new SystemEntropy();
    this.#service = new ForgettingService({ keyring, store, log, window, certificates, clock, entropy });
  }

  /** `through`: how the nudger sees the topic, where it is not as it is. */
  static async open(
    engine: RestartableEngine,
    what: string,
    settings: Partial<KeyTopicSettings> = {},
    through: (keys: KeyTopic) => KeyTopicWindow = (keys) => keys,
  ): Promise<ErasingApplication> {
    const kafka = { brokers: [engine.bootstrap()], clientId: what, clock };
    const keyTopic: KeyTopicSettings = {
      topic: `keys.${what}`,
      partitions: 1,
      replicationFactor: 1,
      segmentMs: 1_000,
      maxCompactionLagMs: 1_000,
      fileDeleteDelayMs: 500,
      deleteRetentionMs: 86_400_000,
      ...settings,
    };
    const keys = await openKeyTopic(kafka, keyTopic);
    const keyring = await openKeyring({
      log: await openKeyTopic(kafka, keyTopic),
      masterKeys: await testMasterKeys(),
      clock,
      entropy: new SystemEntropy(),
    });
    return new ErasingApplication(keyring, keys, kafka, keyTopic, through(keys));
  }

  /** Gives a user a key; what of it stands in the log. */
  async enrol(userId: string): Promise<{ userRef: UserRef; name: string; wrapped: Buffer }> {
    const userRef = this.keyring.userRef(userId);
    await this.keyring.ensureKeys([userRef]);
    for await (const { key, value } of this.keys.records(0)) {
      const name = Buffer.from(key).toString('latin1');
      if (name.startsWith(`${userRef}#`) && value !== null)
        return { userRef, name, wrapped: Buffer.from(value) };
    }
    return assert.fail('a user who was enrolled has no key in the log');
  }

  request(userId: string): Promise<Erasure> {
    return this.#service.request(userId);
  }

  async find(erasureId: string): Promise<Erasure> {
    const erasure = await this.#service.find(erasureId);
    return erasure ?? assert.fail(`no erasure ${erasureId}`);
  }

  untilErased(erasureId: string): Promise<void> {
    return eventually('erased', async () => (await this.find(erasureId)).state === 'erased', patienceMs);
  }

  async untilNote(erasureId: string, pattern: RegExp): Promise<string> {
    let note = '';
    await eventually(
      `a note like ${pattern.source}`,
      async () => pattern.test((note = (await this.find(erasureId)).note ?? '')),
      patienceMs,
    );
    return note;
  }

  /** What the certificate states, its signature checked. */
  async certified(erasureId: string): Promise<ErasureStatement> {
    const { file } = await this.#certificates.certificateOf(erasureId);
    const trusted = readTrustedKeys(publicKeyPem(testSigner().publicKey));
    return verifyCertificate(Buffer.from(file), trusted).statement;
  }

  async close(): Promise<void> {
    await this.#service.close();
    await this.keyring.close();
    await this.keys.close();
  }
}
