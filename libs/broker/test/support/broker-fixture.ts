import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startBroker, type LogFields, type Logger, type RunningBroker } from '../../src/index.js';

/** What the broker said, by level. */
export class RecordingLogger implements Logger {
  readonly lines: { level: string; message: string; fields: LogFields }[] = [];
  readonly info = (message: string, fields: LogFields = {}): void => this.#add('info', message, fields);
  readonly warn = (message: string, fields: LogFields = {}): void => this.#add('warn', message, fields);
  readonly error = (message: string, fields: LogFields = {}): void => this.#add('error', message, fields);

  of(level: string): readonly string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  #add(level: string, message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields });
  }
}

/** A broker in a directory of its own, which goes when the test ends. */
export class BrokerFixture {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'oubliette-broker-'));
  readonly logger = new RecordingLogger();
  readonly #clients: (() => Promise<unknown>)[] = [];
  #broker: RunningBroker | null = null;

  constructor(readonly config: Readonly<Record<string, string>> = {}) {}

  static async start(
    test: TestContext,
    config: Readonly<Record<string, string>> = {},
  ): Promise<BrokerFixture> {
    const fixture = new BrokerFixture(config);
    test.after(() => fixture.dispose());
    await fixture.start();
    return fixture;
  }

  get bootstrap(): string {
    if (this.#broker === null) throw new Error('the broker does not run');
    return this.#broker.bootstrap;
  }

  get port(): number {
    return Number(this.bootstrap.split(':')[1]);
  }

  /**
   * Closes a client before the broker goes, the newest first. A kafkajs consumer that loses its broker while it is being
   * disconnected tries to join again for ever, and the test process never ends; the runner's own hooks run oldest first.
   */
  beforeStop(close: () => Promise<unknown>): void {
    this.#clients.push(close);
  }

  async start(port = 0): Promise<void> {
    const { dataDir, logger, config } = this;
    this.#broker = await startBroker({ dataDir, port, logger, config });
  }

  async stop(): Promise<void> {
    await this.#broker?.stop();
    this.#broker = null;
  }

  /** Stops and starts on the same port, as a client sees a restart. */
  async restart(): Promise<void> {
    const { port } = this;
    await this.stop();
    await this.start(port);
  }

  async dispose(): Promise<void> {
    for (const close of this.#clients.splice(0).reverse()) await close();
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
