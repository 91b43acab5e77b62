import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apis, type Api, type Encodable, type Fields } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { startKafkaNode } from '../support/live-kafka.js';
import { WireClient } from '../support/wire-client.js';

/** One difference that a request showed. */
export interface Difference {
  readonly what: string;
  readonly ours: unknown;
  readonly kafkas: unknown;
}

/** Our broker and one node of Apache Kafka, asked the same. */
export class TwoEngines {
  readonly differences: Difference[] = [];
  #ours: WireClient;
  #kafkas: WireClient;

  private constructor(
    private readonly fixture: BrokerFixture,
    private readonly kafkaPort: number,
    ours: WireClient,
    kafkas: WireClient,
  ) {
    this.#ours = ours;
    this.#kafkas = kafkas;
  }

  static async start(test: TestContext, config: Readonly<Record<string, string>> = {}): Promise<TwoEngines> {
    const kafkaPort = await startKafkaNode(test, config);
    const fixture = await BrokerFixture.start(test, config);
    const clients = [await WireClient.connect(fixture.port), await WireClient.connect(kafkaPort)] as const;
    fixture.beforeStop(async () => {
      for (const client of clients) client.end();
      return Promise.resolve();
    });
    return new TwoEngines(fixture, kafkaPort, ...clients);
  }

  /** Sends the same to both and notes where the answers differ. */
  async ask<Req extends Fields, Res extends Fields>(
    what: string,
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<void> {
    const [ours, kafkas] = await this.#both(api, version, body);
    if (isSame(ours, kafkas)) return;
    this.differences.push({ what, ours, kafkas });
  }

  /**
   * The same for requests that change nothing: Kafka learns of a change a moment after it answered, so it is asked again until it
   * answers alike or has not for three seconds.
   */
  async look<Req extends Fields, Res extends Fields>(
    what: string,
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const [ours, kafkas] = await this.#both(api, version, body);
      if (isSame(ours, kafkas)) return;
      if (attempt < attempts) await sleep(settleMs);
      else {
        this.differences.push({ what, ours, kafkas });
        return;
      }
    }
  }

  /** Makes topics of one partition on both. */
  async create(...names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }));
    await this.ask('create', apis.createTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false });
  }

  async #both<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<readonly [unknown, unknown]> {
    const answers: unknown[] = [];
    for (const client of [this.#ours, this.#kafkas]) {
      try {
        answers.push(this.#plain(await inTime(client.call(api, version, body))));
      } catch (error) {
        answers.push(`closed: ${error instanceof Error ? error.message : 'unknown'}`);
        client.end();
        await client.closed();
        await this.#reconnect();
      }
    }
    return [answers[0], answers[1]];
  }

  async #reconnect(): Promise<void> {
    if (this.#ours.isClosed) this.#ours = await WireClient.connect(this.fixture.port);
    if (this.#kafkas.isClosed) this.#kafkas = await WireClient.connect(this.kafkaPort);
  }

  /** Without what must differ: ids, addresses, throttling; arrays of named things in the order of their names. */
  #plain(value: unknown): unknown {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) return sorted(value.map((entry) => this.#plain(entry)));
    if (typeof value === 'string')
      return value.replaceAll(`:${this.kafkaPort}`, ':port').replaceAll(`:${this.fixture.port}`, ':port');
    if (value === null || typeof value !== 'object') return value;
    const plain: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(value)) {
      if (name === 'unknownTags' || name === 'throttleTimeMs') continue;
      plain[name] = this.#plain(field);
      if (differing.has(name) && field !== null) plain[name] = `a ${name}`;
      if (name === 'topicId') plain[name] = field === zeroId ? 'none' : 'an id';
    }
    return plain;
  }
}

/** What each has of its own. */
const differing: ReadonlySet<string> = new Set(['clusterId', 'port', 'logDir', 'totalBytes', 'usableBytes']);

const attempts = 20;
const settleMs = 100;
const answerMs = 5_000;
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Kafka gives some requests no answer at all. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(answerMs, undefined, { signal: done.signal, ref: false }).then(
    () => Promise.reject(new Error('no answer')),
    () => answer,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    done.abort();
  }
}

/** The order in which Kafka answers about several things is that of a hash map. */
function sorted(entries: readonly unknown[]): unknown[] {
  const isNamed = entries.every((entry) => typeof entry === 'object' && entry !== null);
  return isNamed
    ? [...entries].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : [...entries];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const names = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map(([name, field]) => [name, canonical(field)]));
}
