import { KafkaError, apis, encodeBatch, type EncodableRecord, type ErrorName } from '@oubliette/protocol';
import type { Clock } from '@oubliette/runtime';
import type { Cluster } from './cluster.js';
import { ConnectionError, PartitionError } from './errors.js';
import { partitionAnswer } from './partition-answer.js';
import { retrying, type RetryPolicy } from './retry.js';

/** A record for `produceBatch`. */
export interface DirectRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** ms since the Unix epoch; default: now. */
  readonly timestamp?: number;
}

export interface ProducedBatch {
  /** Of the first record; the others follow without a gap. */
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
}

/** From version 13 on topics go by their id. */
const MAX_PRODUCE_VERSION = 12;
const BATCH_TIMEOUT_MS = 30_000;
const MAX_SEQUENCE = 0x80000000;
/** Batches that wait for one partition's turn. */
const MAX_QUEUED = 1_000;
/** After these the broker does not know the producer as it knows itself: only a new id helps. */
const IDENTITY_ERRORS: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);

interface Identity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** By partition. */
  readonly sequences: Map<string, number>;
}

/**
 * Produces single batches with acks=all, idempotently (KIP-98): a batch whose answer was lost is sent again without standing
 * twice. Each partition's batches go one after the other, as their sequence numbers need.
 */
export class BatchProducer {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #policy: RetryPolicy;
  readonly #turns = new Map<string, { last: Promise<unknown>; waiting: number }>();
  #identity: Promise<Identity> | null = null;

  constructor(cluster: Cluster, clock: Clock, policy: RetryPolicy) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#policy = policy;
  }

  /** Appends all records as one record batch, or none. Throws `KafkaError`, `ConnectionError`. */
  async produce(topic: string, partition: number, records: readonly DirectRecord[]): Promise<ProducedBatch> {
    if (records.length === 0) throw new PartitionError('INVALID_RECORD', topic, partition, 'no records for');
    const key = `${topic}-${partition}`;
    const turn = this.#turns.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    if (turn.waiting >= MAX_QUEUED) {
      throw new ConnectionError('TOO_MANY_REQUESTS', `${MAX_QUEUED} batches wait for ${key}`);
    }
    this.#turns.set(key, turn);
    turn.waiting += 1;
    const produced = turn.last.then(() => this.#produceInTurn(topic, partition, this.#encodable(records)));
    turn.last = produced.catch(() => undefined); // the caller has the error; the next one only waits
    try {
      return await produced;
    } finally {
      turn.waiting -= 1;
      if (turn.waiting === 0) this.#turns.delete(key);
    }
  }

  #encodable(records: readonly DirectRecord[]): EncodableRecord[] {
    const now = this.#clock.now();
    return records.map(({ key, value, headers = {}, timestamp = now }) => ({
      key,
      value,
      timestamp: BigInt(timestamp),
      headers: Object.entries(headers).map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
    }));
  }

  async #produceInTurn(
    topic: string,
    partition: number,
    records: readonly EncodableRecord[],
  ): Promise<ProducedBatch> {
    const key = `${topic}-${partition}`;
    // Once an answer was lost, a new identity could write the batch a second time.
    let maybeWritten = false;
    const attempt = async (): Promise<ProducedBatch> => {
      const identity = await this.#identify();
      const baseSequence = identity.sequences.get(key) ?? 0;
      try {
        const produced = await this.#send(topic, partition, records, identity, baseSequence);
        identity.sequences.set(key, (baseSequence + records.length) % MAX_SEQUENCE);
        return produced;
      } catch (error) {
        if (error instanceof ConnectionError) maybeWritten = true;
        if (!(error instanceof KafkaError)) throw error;
        this.#cluster.forgetLeaders([topic]);
        if (!IDENTITY_ERRORS.has(error.codeName) || maybeWritten) throw error;
        this.#identity = null;
        throw new KafkaError('NETWORK_EXCEPTION', `producer id renewed after ${error.codeName}`, {
          cause: error,
        });
      }
    };
    try {
      return await retrying(this.#clock, this.#policy, this.#cluster.signal, attempt);
    } catch (error) {
      // Whether the sequence number was used is not known: the next batch starts afresh.
      this.#identity = null;
      throw error;
    }
  }

  async #send(
    topic: string,
    partition: number,
    records: readonly EncodableRecord[],
    { producerId, producerEpoch }: Identity,
    baseSequence: number,
  ): Promise<ProducedBatch> {
    const connection = await this.#cluster.node(await this.#cluster.leaderOf(topic, partition));
    const batch = encodeBatch({ records, producerId, producerEpoch, baseSequence });
    const answer = await connection.send(
      apis.produce,
      {
        acks: -1,
        timeoutMs: BATCH_TIMEOUT_MS,
        topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
      },
      { maxVersion: MAX_PRODUCE_VERSION, waitMs: BATCH_TIMEOUT_MS },
    );
    const result = partitionAnswer(
      answer.responses[0]?.partitionResponses[0],
      topic,
      partition,
      'cannot produce to',
    );
    return { baseOffset: result.baseOffset, lastOffset: result.baseOffset + BigInt(records.length - 1) };
  }

  #identify(): Promise<Identity> {
    if (this.#identity !== null) return this.#identity;
    const identity = this.#initProducerId();
    this.#identity = identity;
    identity.catch(() => {
      if (this.#identity === identity) this.#identity = null;
    });
    return identity;
  }

  async #initProducerId(): Promise<Identity> {
    const connection = await this.#cluster.any();
    const answer = await connection.send(apis.initProducerId, {
      transactionalId: null,
      transactionTimeoutMs: BATCH_TIMEOUT_MS,
    });
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, 'cannot get a producer id');
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch, sequences: new Map() };
  }
}
