import { apis, encodeBatch, KafkaError, type ErrorName } from '@oubliette/protocol';
import type { Clock } from '@oubliette/runtime';
import { metadataMaxAge, plainConnectMs, tlsConnectMs } from '../client/kafkajs-client.js';
import { Cluster } from '../direct/cluster.js';
import { ConnectionError, isRetriable, PartitionError } from '../direct/errors.js';
import { settingsOf } from '../direct/options.js';
import { retrying, type RetryPolicy } from '../direct/retry.js';
import type { OutgoingRecord } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { partitionBatches, type PartitionBatch } from './partition-batches.js';
import type { ProduceTransport } from './transport.js';

/** From version 13 on topics go by their id. */
const maxProduceVersion = 12;
const requestTimeoutMs = 30_000;
const maxSequence = 0x80000000;
/** About 40 s: longer than an election takes, short enough that a caller hears of an outage. */
const retry: RetryPolicy = { attempts: 200, initialMs: 50, maxMs: 200 };
/** After these the broker does not know the producer as it knows itself: only a new id helps. */
const identityErrors: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);

interface Identity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Next sequence number by topic and partition. */
  readonly sequences: Map<string, number>;
}

/**
 * Produces over the wire protocol itself, with acks=all and idempotently (KIP-98): a request to each leader with one batch a
 * partition; what failed for a passing reason is sent again, the same bytes under the same sequence numbers, until all stand.
 * Its callers wait for one send before the next.
 */
export class WireTransport implements ProduceTransport {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #learned = new Map<string, { readonly partitions: number; readonly at: number }>();
  #identity: Identity | null = null;
  #turn = 0;

  constructor(settings: KafkaSettings) {
    const connectTimeoutMs = settings.ssl === undefined ? plainConnectMs : tlsConnectMs;
    this.#cluster = new Cluster(settingsOf(settings, { connectTimeoutMs, retry }));
    this.#clock = settings.clock;
  }

  async connect(): Promise<void> {
    await this.#retrying(() => this.#cluster.any());
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    for (const topic of new Set(records.map((record) => record.topic))) await this.#learn(topic);
    const { batches, turn } = partitionBatches(
      records,
      (topic) => this.#learned.get(topic)?.partitions ?? 0,
      BigInt(this.#clock.now()),
      this.#turn,
    );
    this.#turn = turn;
    try {
      await this.#sendAll(batches);
    } catch (error) {
      // Whether sequence numbers were used is not known: another id begins its own, or the next records might be dropped
      // as repetitions.
      this.#identity = null;
      throw error;
    }
  }

  async topics(): Promise<readonly string[]> {
    const { topics } = await this.#retrying(() => this.#cluster.metadata(null));
    return topics.map(({ name }) => name);
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  async #sendAll(batches: readonly PartitionBatch[]): Promise<void> {
    let open = batches;
    // Once an answer was lost, a new identity could write a batch a second time.
    let maybeWritten = false;
    await this.#retrying(async () => {
      this.#identity ??= await this.#newIdentity();
      const failures = await this.#sendOnce(open, this.#identity);
      if (failures.size === 0) return;
      open = [...failures.keys()];
      this.#cluster.forgetLeaders(open.map(({ topic }) => topic));
      const errors = [...failures.values()];
      maybeWritten ||= errors.some((error) => error instanceof ConnectionError);
      const strange = errors.find(
        (error) => error instanceof KafkaError && identityErrors.has(error.codeName),
      );
      if (strange !== undefined && !maybeWritten) {
        this.#identity = null;
        throw new KafkaError('NETWORK_EXCEPTION', 'the producer id was renewed', { cause: strange });
      }
      throw errors.find((error) => !isRetriable(error)) ?? errors[0];
    });
  }

  /** One request to each leader; gives what failed. Sequence numbers move on where a batch stands. */
  async #sendOnce(
    batches: readonly PartitionBatch[],
    identity: Identity,
  ): Promise<Map<PartitionBatch, unknown>> {
    const failures = new Map<PartitionBatch, unknown>();
    const byLeader = new Map<number, PartitionBatch[]>();
    for (const batch of batches) {
      try {
        const leader = await this.#cluster.leaderOf(batch.topic, batch.partition);
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
      } catch (error) {
        failures.set(batch, error);
      }
    }
    await Promise.all(
      [...byLeader].map(([leader, led]) =>
        this.#request(leader, led, identity, failures).catch((error: unknown) => {
          for (const batch of led) failures.set(batch, error);
        }),
      ),
    );
    return failures;
  }

  async #request(
    leader: number,
    batches: readonly PartitionBatch[],
    identity: Identity,
    failures: Map<PartitionBatch, unknown>,
  ): Promise<void> {
    const connection = await this.#cluster.node(leader);
    const answer = await connection.send(
      apis.produce,
      { acks: -1, timeoutMs: requestTimeoutMs, topicData: topicDataOf(batches, identity) },
      { maxVersion: maxProduceVersion, waitMs: requestTimeoutMs },
    );
    const answers = new Map(
      answer.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ index, errorCode }) => [`${name}-${index}`, errorCode]),
      ),
    );
    for (const batch of batches) {
      const { topic, partition, records } = batch;
      const key = keyOf(batch);
      const error = new PartitionError(answers.get(key) ?? -1, topic, partition, 'cannot produce to');
      // DUPLICATE_SEQUENCE_NUMBER: an earlier try, whose answer was lost, has written it.
      if (error.codeName === 'NONE' || error.codeName === 'DUPLICATE_SEQUENCE_NUMBER') {
        const sequence = identity.sequences.get(key) ?? 0;
        identity.sequences.set(key, (sequence + records.length) % maxSequence);
      } else failures.set(batch, error);
    }
  }

  async #newIdentity(): Promise<Identity> {
    const connection = await this.#cluster.any();
    const answer = await connection.send(apis.initProducerId, {
      transactionalId: null,
      transactionTimeoutMs: requestTimeoutMs,
    });
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, 'cannot get a producer id');
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch, sequences: new Map() };
  }

  /** How many partitions a topic has; asked anew once a minute, for they may become more. */
  async #learn(topic: string): Promise<void> {
    const now = this.#clock.monotonic();
    const known = this.#learned.get(topic);
    if (known !== undefined && now - known.at < metadataMaxAge) return;
    const partitions = await this.#retrying(async () => {
      const found = (await this.#cluster.metadata([topic])).topics.find(({ name }) => name === topic);
      if (found !== undefined) return found.partitions.length;
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `metadata of topic ${topic}`);
    });
    this.#learned.set(topic, { partitions, at: now });
  }

  #retrying<T>(attempt: () => Promise<T>): Promise<T> {
    return retrying(this.#clock, retry, this.#cluster.signal, attempt);
  }
}

function topicDataOf(batches: readonly PartitionBatch[], identity: Identity) {
  const topics = new Map<string, { index: number; records: Uint8Array }[]>();
  for (const batch of batches) {
    const { topic, partition, records } = batch;
    const { producerId, producerEpoch, sequences } = identity;
    const baseSequence = sequences.get(keyOf(batch)) ?? 0;
    const encoded = encodeBatch({ records, producerId, producerEpoch, baseSequence });
    topics.set(topic, [...(topics.get(topic) ?? []), { index: partition, records: encoded }]);
  }
  return [...topics].map(([name, partitionData]) => ({ name, partitionData }));
}

function keyOf({ topic, partition }: PartitionBatch): string {
  return `${topic}-${partition}`;
}
