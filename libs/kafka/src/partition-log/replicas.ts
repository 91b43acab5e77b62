import type { ConfigResource, DirectClient, FetchedBatches, PartitionMetadata } from '../direct/index.js';
import { protocolErrorType } from '../errors.js';
import { toBareRecord, type BareRecord, type IsEmpty } from './bare-record.js';
import { decodeRecords } from './decode-records.js';
import type { LogErrors } from './log-errors.js';
import { settingsInForce, type LogSettingsInForce } from './settings-in-force.js';

/** A replica of a partition, as the cluster's metadata tells it. */
export interface ReplicaState {
  /** Node id. */
  readonly broker: number;
  /** The broker is registered and not fenced; one that died a moment ago still is. */
  readonly isLive: boolean;
  readonly isInSync: boolean;
  readonly isLeader: boolean;
}

/** One replica's log, read from the broker that has it. */
export interface ReplicaLog {
  readonly logStart: bigint;
  /** As this broker knows it when reading begins; it gives nothing behind. */
  readonly highWatermark: bigint;
  /** What stands from log start to `highWatermark`, to be gone through once. */
  readonly records: AsyncIterable<BareRecord>;
}

/** What may hold up the cleaner in a partition. */
export interface PartitionCondition {
  /** Node id; null: there is none. */
  readonly leader: number | null;
  /**
   * How many replicas are in sync, and `min.insync.replicas`, or all where there are not so many (Partition.scala, effectiveMinIsr): with
   * fewer the high watermark stands still.
   */
  readonly inSync: number;
  readonly minInSync: number;
  /** Transactions that hold up the last stable offset, behind which nothing is cleaned. */
  readonly openTransactions: readonly { readonly producerId: bigint; readonly startOffset: bigint }[];
}

/** Offsets: from `logStart` to before `highWatermark`, as the broker itself knows it. */
export interface LogExtent {
  readonly logStart: bigint;
  readonly highWatermark: bigint;
}

/** By Kafka's names. */
export interface LogConfigs {
  readonly topic: ReadonlyMap<string, string | null>;
  readonly broker: ReadonlyMap<string, string | null>;
}

const answerBytes = 1024 * 1024;
/** What is asked for is there already: a broker has nothing to wait for. */
const waitMs = 10;

export interface ReplicasParts {
  readonly topic: string;
  /** Becomes theirs. */
  readonly client: DirectClient;
  readonly errors: LogErrors;
  readonly isEmpty: IsEmpty;
}

/** Looks at the partitions of a topic, replica by replica. Rejects as its `errors` have it: retriable when a broker does not answer. */
export class Replicas {
  readonly #topic: string;
  readonly #client: DirectClient;
  readonly #errors: LogErrors;
  readonly #isEmpty: IsEmpty;

  constructor({ topic, client, errors, isEmpty }: ReplicasParts) {
    this.#topic = topic;
    this.#client = client;
    this.#errors = errors;
    this.#isEmpty = isEmpty;
  }

  /** The numbers of the topic's partitions, in order. */
  async partitions(): Promise<readonly number[]> {
    const asked = this.#client.metadata([this.#topic]);
    const [found] = (await this.#errors.as('Looking up the partitions', asked)).topics;
    if (found === undefined) throw this.#errors.unavailable('The topic is not known to the cluster');
    return found.partitions.map(({ partition }) => partition).sort((a, b) => a - b);
  }

  async list(partition: number): Promise<readonly ReplicaState[]> {
    const { found, live } = await this.#metadata(partition);
    return found.replicas.map((broker) => ({
      broker,
      isLive: live.has(broker),
      isInSync: found.isr.includes(broker),
      isLeader: found.leader === broker,
    }));
  }

  async read(partition: number, broker: number): Promise<ReplicaLog> {
    const first = await this.#first(partition, broker);
    const { logStart, highWatermark } = first;
    return { logStart, highWatermark, records: this.#records(first, broker) };
  }

  /**
   * From where to where one replica's log goes, by the broker that has it; null: it does not reach `end` yet. Nothing of it is read.
   */
  async extent(partition: number, broker: number, end: bigint): Promise<LogExtent | null> {
    try {
      const { logStart, highWatermark } = await this.#fetch(partition, broker, end);
      return { logStart, highWatermark };
    } catch (error) {
      if (protocolErrorType(error) === 'OFFSET_OUT_OF_RANGE') return null;
      throw error;
    }
  }

  /** The high watermark at the leader. */
  async end(partition: number): Promise<bigint> {
    const asked = this.#client.listOffsets(this.#topic, partition, 'latest');
    return (await this.#errors.as('Looking up the end of the log', asked)).offset;
  }

  /** Whether a record with a timestamp of `at` (ms since the Unix epoch) or later stands in the partition. */
  async appendedSince(partition: number, at: number): Promise<boolean> {
    const asked = this.#client.listOffsets(this.#topic, partition, BigInt(Math.ceil(at)));
    return (await this.#errors.as('Looking up the newest record', asked)).offset >= 0n;
  }

  async condition(partition: number): Promise<PartitionCondition> {
    const { found } = await this.#metadata(partition);
    const { leader, isr, replicas } = found;
    const minInSync = Math.min(await this.#minInSync(), replicas.length);
    // With too few in sync a new leader does not know the log's end yet, and gives no offsets.
    const knowsEnd = leader >= 0 && isr.length >= minInSync;
    const openTransactions = knowsEnd ? await this.#openTransactions(partition) : [];
    return { leader: leader < 0 ? null : leader, inSync: isr.length, minInSync, openTransactions };
  }

  /** The settings in force, as any broker that answers has them. */
  async settings(): Promise<LogSettingsInForce> {
    const { topic, broker } = await this.configs();
    return settingsInForce(topic, broker);
  }

  /** The topic's settings in force, and those of any broker that answers, by Kafka's names. */
  async configs(): Promise<LogConfigs> {
    const topic = await this.#configs({ type: 'topic', name: this.#topic });
    const asked = this.#client.metadata([this.#topic]);
    const { brokers } = await this.#errors.as('Looking up the brokers', asked);
    let failure: unknown = this.#errors.unavailable('No broker is known');
    for (const { nodeId } of brokers) {
      try {
        return { topic, broker: await this.#configs({ type: 'broker', nodeId }) };
      } catch (error) {
        // One that died a moment ago is still named.
        failure = error;
      }
    }
    throw failure;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #metadata(
    partition: number,
  ): Promise<{ readonly found: PartitionMetadata; readonly live: ReadonlySet<number> }> {
    const asked = this.#client.metadata([this.#topic]);
    const { topics, brokers } = await this.#errors.as('Looking up the replicas', asked);
    const found = topics[0]?.partitions.find((metadata) => metadata.partition === partition);
    if (found === undefined)
      throw this.#errors.unavailable(`Partition ${partition} is not known to the cluster`);
    return { found, live: new Set(brokers.map(({ nodeId }) => nodeId)) };
  }

  async #configs(resource: ConfigResource): Promise<ReadonlyMap<string, string | null>> {
    const asked = this.#client.describeConfigs(resource);
    const entries = await this.#errors.as(`Reading the settings of the ${resource.type}`, asked);
    return new Map(entries.map(({ name, value }) => [name, value]));
  }

  async #minInSync(): Promise<number> {
    const configs = await this.#configs({ type: 'topic', name: this.#topic });
    return Number(configs.get('min.insync.replicas') ?? 1);
  }

  async #openTransactions(partition: number): Promise<PartitionCondition['openTransactions']> {
    const asked = Promise.all([
      this.#client.listOffsets(this.#topic, partition, 'stable'),
      this.#client.listOffsets(this.#topic, partition, 'latest'),
    ]);
    const [stable, latest] = await this.#errors.as('Looking up the last stable offset', asked);
    if (stable.offset >= latest.offset) return [];
    const producers = this.#client.describeProducers(this.#topic, partition);
    return (await this.#errors.as('Looking up open transactions', producers)).flatMap(
      ({ producerId, openTransactionStart: startOffset }) =>
        startOffset === null ? [] : [{ producerId, startOffset }],
    );
  }

  /** From the log's start, which is not 0 where records were deleted. */
  async #first(partition: number, broker: number): Promise<FetchedBatches> {
    try {
      return await this.#fetch(partition, broker, 0n);
    } catch (error) {
      if (protocolErrorType(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
    }
    const asked = this.#client.listOffsets(this.#topic, partition, 'earliest');
    const { offset } = await this.#errors.as('Looking up the start of the log', asked);
    return this.#fetch(partition, broker, offset);
  }

  async *#records(first: FetchedBatches, broker: number): AsyncGenerator<BareRecord, void, undefined> {
    const { partition, highWatermark: end } = first;
    let fetched = first;
    for (;;) {
      const { offset, batches, throttleMs, highWatermark } = fetched;
      // After a restart a broker begins with the high watermark of its checkpoint: it would give less than was promised.
      if (highWatermark < end)
        throw this.#errors.unavailable(`Broker ${broker} fell back behind offset ${end}`);
      const { records, nextOffset } = decodeRecords(partition, offset, batches);
      for (const record of records) if (record.offset < end) yield toBareRecord(record, this.#isEmpty);
      const isEmpty = nextOffset <= offset && throttleMs === 0;
      if (nextOffset >= end || isEmpty) return;
      fetched = await this.#fetch(partition, broker, nextOffset);
    }
  }

  async #fetch(partition: number, broker: number, offset: bigint): Promise<FetchedBatches> {
    const options = { maxWaitMs: waitMs, maxBytes: answerBytes };
    const at = { topic: this.#topic, partition, offset, broker };
    const [fetched] = await this.#errors.as('Reading a replica', this.#client.fetchBatches([at], options));
    if (fetched === undefined) throw new TypeError('one position gives one answer');
    return fetched;
  }
}
