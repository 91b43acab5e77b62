import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { startBroker } from '@oubliette/broker';
import { connectOubliette, logsReplay, type OublietteEngine, type UserKeyOptions } from '@oubliette/nest';
import type { LogFields } from '@oubliette/kafka';
import { openDatabase, privacyStores, type Database } from '@oubliette/persistence';
import type { OpenCertificateKey } from '@oubliette/privacy';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { AppModule } from '../app.module.js';
import { DemoClass } from '../demo/demo-class.js';
import { Page } from '../page/page.js';
import { sampleMigrations } from '../read-models/migrations.js';
import { brokersAnswer } from './brokers-answer.js';
import { Closers } from './closers.js';
import { ensureCertificateKey } from './certificate-key.js';
import { checkDeployment } from './deployment-check.js';
import { checkSchemas, EventSchemas } from './event-schemas.js';
import { listen, prepareHttp } from './http.js';
import { SampleLogger } from './logger.js';
import { KEY_TOPIC, openEngine } from './open-engine.js';
import type { Settings } from './settings.js';
import { StateFiles } from './state-files.js';

export interface RunningSample {
  /** e.g. `http://127.0.0.1:3000`. */
  readonly address: string;
  readonly adminToken: string;
  readonly brokers: readonly string[];
  /** Stops in the reverse order of the start: nothing that was acknowledged is lost. */
  close(): Promise<void>;
}

/**
 * Starts broker, database and application; resolves when it serves. What goes wrong is an error with a code and one clear
 * line, and everything that was opened is closed again. `engineOf` opens what is below Nest, for whoever measures with
 * another one.
 */
export async function startSample(
  settings: Settings,
  write: (line: string) => void,
  engineOf: typeof openEngine = openEngine,
): Promise<RunningSample> {
  const closers = new Closers();
  try {
    return await new SampleStart(settings, write, closers, engineOf).run();
  } catch (error) {
    await closers.close().catch(() => write('warning: not everything could be closed after the failure'));
    throw error;
  }
}

class SampleStart {
  readonly #clock = new SystemClock();
  readonly #disk = new SystemDisk();
  readonly #entropy = new SystemEntropy();
  readonly #logger: SampleLogger;
  readonly #files: StateFiles;

  constructor(
    private readonly settings: Settings,
    private readonly write: (line: string) => void,
    private readonly closers: Closers,
    private readonly engineOf: typeof openEngine,
  ) {
    this.#logger = new SampleLogger(this.#clock, write);
    this.#files = new StateFiles(settings, this.#disk, this.#entropy);
  }

  async run(): Promise<RunningSample> {
    this.closers.defer(this.#files.take());
    const schemas = await this.#openSchemas();
    this.#files.ensureMasterKeys((message) => this.#logger.warn(message));
    const certificateKey = await this.#openCertificateKey();
    const adminToken = this.#files.adminToken();
    const brokers = this.settings.brokers ?? [await this.#startBroker()];
    await brokersAnswer(brokers, this.#clock);
    const database = await this.#openDatabase();
    await checkSchemas(database, schemas);
    const engine = this.closers.add(
      await this.engineOf({
        brokers,
        masterKeys: this.settings.masterKeys,
        certificateKey,
        stores: privacyStores(database),
        schemas: schemas?.source ?? null,
        logger: this.#logger.lines,
        userKeys: this.#userKeys(),
        logDirs: this.settings.brokers === null ? [this.#brokerDir] : [],
      }),
    );
    await checkDeployment(database, engine.keyring);
    await schemas?.remember(database);
    const address = await this.#serve({ engine, database, adminToken });
    this.#files.writeState({
      brokers,
      httpAddress: address,
      processId: process.pid,
      keyTopic: KEY_TOPIC,
    });
    return { address, adminToken, brokers, close: () => this.closers.close() };
  }

  async #openCertificateKey(): Promise<OpenCertificateKey> {
    const ports = {
      disk: this.#disk,
      entropy: this.#entropy,
      clock: this.#clock,
      environment: process.env,
    };
    const warn = (message: string): void => this.#logger.warn(message);
    const key = await ensureCertificateKey(this.settings, ports, warn);
    this.closers.defer(() => key.close());
    return key;
  }

  /** A start that takes long says why. */
  #userKeys(): UserKeyOptions {
    const { keysInMemory } = this.settings;
    const info = (message: string, { percent, read, total }: LogFields): void =>
      this.write(`${message} ${String(percent)} %, ${String(read)} of ${String(total)} records`);
    return {
      ...(keysInMemory === null ? {} : { keysInMemory }),
      onProgress: logsReplay({ info }, this.#clock),
    };
  }

  get #brokerDir(): string {
    return join(this.settings.dataDir, 'broker');
  }

  async #startBroker(): Promise<string> {
    const broker = await startBroker({
      dataDir: this.#brokerDir,
      port: 0,
      // One member a group here: there is nobody to wait for.
      config: { 'group.initial.rebalance.delay.ms': '0', 'auto.create.topics.enable': 'false' },
      logger: this.#logger.lines,
    });
    this.closers.defer(() => broker.stop());
    return broker.bootstrap;
  }

  async #openSchemas(): Promise<EventSchemas | null> {
    const { schemaRegistry } = this.settings;
    return schemaRegistry === null ? null : EventSchemas.open(schemaRegistry, this.#disk);
  }

  async #openDatabase(): Promise<Database> {
    const { databaseUrl, dataDir } = this.settings;
    const place =
      databaseUrl === null ? { file: join(dataDir, 'sample.db'), disk: this.#disk } : { url: databaseUrl };
    return this.closers.add(
      await openDatabase({
        ...place,
        clock: this.#clock,
        migrations: sampleMigrations,
        onError: () => this.#logger.warn('The write-ahead log could not be truncated; it is tried again.'),
      }),
    );
  }

  async #serve(parts: { engine: OublietteEngine; database: Database; adminToken: string }): Promise<string> {
    const app = await NestFactory.create<NestExpressApplication>(
      AppModule.for({ ...parts, page: new Page(this.#disk), dataDir: this.settings.dataDir }),
      { logger: this.#logger, abortOnError: false, bodyParser: false, forceCloseConnections: true },
    );
    prepareHttp(app);
    this.closers.add(app);
    await connectOubliette(app);
    const address = await listen(app, this.settings.host, this.settings.port);
    const made = this.settings.demoClass ? await app.get(DemoClass).makeWhereEmpty() : 0;
    if (made > 0) this.write(`Made a class of ${made} students, since there was no data.`);
    return address;
  }
}
