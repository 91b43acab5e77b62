import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apis, type Api, type Decoded, type Encodable, type Fields } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { startKafkaNode } from '../support/live-kafka.js';
import { WireClient } from '../support/wire-client.js';

/** Settings that differ by intent between the two, set alike for the comparison. */
const alike = { 'auto.create.topics.enable': 'false', 'offsets.topic.num.partitions': '1' };

/** One of the two brokers, asked over its socket. */
export class Side {
  readonly #topicIds = new Map<string, string>();

  constructor(
    readonly name: 'ours' | 'kafka',
    readonly port: number,
  ) {}

  connect(): Promise<WireClient> {
    return WireClient.connect(this.port);
  }

  topicId(name: string): string {
    return this.#topicIds.get(name) ?? 'AAAAAAAAAAAAAAAAAAAAAQ';
  }

  /** The name for an id that was given to `topicId`: ids are by chance and compared as names. */
  topicName(id: string): string {
    for (const [name, known] of this.#topicIds) if (known === id) return name;
    return id;
  }

  /** Creates topics and waits until each partition has its leader. */
  async createTopics(topics: Readonly<Record<string, TopicSpec>>): Promise<void> {
    const client = await this.connect();
    const body = {
      topics: Object.entries(topics).map(([name, { partitions = 1, config = {} }]) => ({
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
      timeoutMs: 10_000,
      validateOnly: false,
    };
    const created = await client.call(apis.createTopics, 5, body);
    for (const { name, errorCode, errorMessage } of created.topics) {
      assert.equal(errorCode, 0, `${this.name}: ${name}: ${errorMessage}`);
    }
    client.end();
    await this.untilLed(topics);
  }

  /** Waits until each partition has its leader, and the leader knows it. */
  async untilLed(topics: Readonly<Record<string, TopicSpec>>): Promise<void> {
    const client = await this.connect();
    await until(
      `a leader of each partition of ${Object.keys(topics).join(', ')} at ${this.name}`,
      async () => {
        const asked = {
          topics: Object.keys(topics).map((name) => ({ name })),
          allowAutoTopicCreation: false,
        };
        const answer = await client.call(apis.metadata, 10, {
          ...asked,
          includeClusterAuthorizedOperations: false,
          includeTopicAuthorizedOperations: false,
        });
        for (const { name, topicId } of answer.topics) if (name !== null) this.#topicIds.set(name, topicId);
        const isReady = answer.topics.every(
          (topic) => topic.errorCode === 0 && topic.partitions.every(({ leaderId }) => leaderId === 1),
        );
        return isReady && (await this.#leads(client, topics));
      },
    );
    client.end();
  }

  /** Metadata may know of a leader before the leader knows of itself. */
  async #leads(client: WireClient, topics: Readonly<Record<string, TopicSpec>>): Promise<boolean> {
    const answer = await client.call(apis.listOffsets, 4, {
      replicaId: -1,
      isolationLevel: 0,
      topics: Object.entries(topics).map(([name, { partitions = 1 }]) => ({
        name,
        partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: -1,
          timestamp: -1n,
        })),
      })),
    });
    return answer.topics.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === 0));
  }
}

export interface TopicSpec {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** What a case saw: plain values that must be equal on both sides. */
export type Case = (side: Side, client: WireClient) => Promise<unknown>;

/** Starts both brokers with the same topics, and the same settings beside those that are theirs. */
export async function startBoth(
  t: TestContext,
  topics: Readonly<Record<string, TopicSpec>>,
  config: Readonly<Record<string, string>> = {},
): Promise<readonly [Side, Side]> {
  const settings = { ...alike, ...config };
  const fixture = await BrokerFixture.start(t, settings);
  const ours = new Side('ours', fixture.port);
  const kafka = new Side('kafka', await startKafkaNode(t, settings));
  for (const side of [ours, kafka]) await side.createTopics(topics);
  return [ours, kafka];
}

/** Runs each case on both, on a connection of its own, and holds what it saw equal. */
export async function compare(
  t: TestContext,
  sides: readonly [Side, Side],
  cases: Readonly<Record<string, Case>>,
): Promise<void> {
  for (const [name, run] of Object.entries(cases)) {
    const [ours, kafka] = [await see(run, sides[0]), await see(run, sides[1])];
    await t.test(name, () => assert.deepEqual(ours, kafka));
  }
}

async function see(run: Case, side: Side): Promise<unknown> {
  const client = await side.connect();
  try {
    return await run(side, client);
  } finally {
    client.end();
  }
}

const silenceMs = 3_000;

/** The answer, or that the broker closed the connection, or said nothing for a while. */
export async function answerOf<Req extends Fields, Res extends Fields>(
  client: WireClient,
  api: Api<Req, Res>,
  version: number,
  body: Encodable<Req>,
): Promise<Decoded<Res> | 'closed' | 'silent'> {
  const silence = new AbortController();
  try {
    return await Promise.race([
      client.call(api, version, body),
      sleep(silenceMs, 'silent' as const, { signal: silence.signal }),
    ]);
  } catch (error) {
    if (client.isClosed) return 'closed';
    throw error;
  } finally {
    silence.abort();
  }
}

const untilMs = 60_000;
const pauseMs = 20;

/** Asks again and again until the answer is yes; fails with what was waited for when it is not within a minute. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + untilMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`within ${untilMs} ms there was not: ${what}`);
    await sleep(pauseMs);
  }
}
