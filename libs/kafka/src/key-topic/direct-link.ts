import type { KeyLogRecord } from '@oubliette/keyring';
import type { DirectClient, FetchedBatches } from '../direct/index.js';
import { KafkaClientError, protocolErrorType } from '../errors.js';
import { decodeRecords } from '../partition-log/decode-records.js';
import { asKeyTopicError, unavailable } from './key-topic-errors.js';
import type { FetchedPartition, KeyTopicLink, LookOptions } from './link.js';

export interface DirectLinkOptions {
  readonly topic: string;
  /** Appends and asks for offsets. */
  readonly requests: DirectClient;
  /** Polls. A client of its own, so that nothing that is asked waits behind a long poll. */
  readonly polls: DirectClient;
}

/** The key topic's link over the direct client, which it owns. */
export class DirectLink implements KeyTopicLink {
  readonly #options: DirectLinkOptions;
  /** As it was found first. */
  #topicId: string | null = null;

  constructor(options: DirectLinkOptions) {
    this.#options = options;
  }

  async leaders(): Promise<ReadonlyMap<number, readonly number[]>> {
    const { topic, polls } = this.#options;
    const [metadata] = (await asKeyTopicError('Looking up the leaders', polls.metadata([topic]))).topics;
    if (metadata !== undefined) this.#assertSame(metadata.topicId);
    const byLeader = new Map<number, number[]>();
    for (const { partition, leader } of metadata?.partitions ?? []) {
      if (leader < 0) throw unavailable(`Partition ${partition} has no leader`);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    if (byLeader.size === 0) throw unavailable(`The topic ${topic} is not known to the cluster`);
    return byLeader;
  }

  async highWatermarks(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>> {
    const { topic, requests } = this.#options;
    const ends = partitions.map(async (partition): Promise<[number, bigint]> => {
      const { offset } = await requests.listOffsets(topic, partition, 'latest');
      return [partition, offset];
    });
    return new Map(await asKeyTopicError('Looking up the ends of the log', Promise.all(ends)));
  }

  async fetch(
    _leader: number,
    positions: ReadonlyMap<number, bigint>,
    { maxWaitMs, signal }: { readonly maxWaitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly FetchedPartition[]> {
    const { topic, polls } = this.#options;
    const named = { topic, ...(this.#topicId === null ? {} : { topicId: this.#topicId }) };
    const asked = [...positions].map(([partition, offset]) => ({ ...named, partition, offset }));
    const options = { maxWaitMs, minBytes: 1, maxBytes: pollBytes, maxTotalBytes: pollBytes, signal };
    return (await polls.fetchBatches(asked, options)).map((part) => decoded(part));
  }

  async look(
    partition: number,
    offset: bigint,
    { maxBytes, only, signal }: LookOptions,
  ): Promise<FetchedPartition> {
    const { topic, requests } = this.#options;
    const options = { maxWaitMs: lookWaitMs, maxBytes, ...(signal === undefined ? {} : { signal }) };
    const looking = requests.fetchBatches([{ topic, partition, offset }], options);
    const [fetched] = await asKeyTopicError('Reading', noneOutOfRange(looking));
    if (fetched !== undefined) return decoded(fetched, only);
    return { partition, records: [], nextOffset: offset, highWatermark: -1n, isThrottled: false };
  }

  async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    const { topic, requests } = this.#options;
    const { baseOffset } = await asKeyTopicError(
      'Appending',
      requests.produceBatch(topic, partition, records),
    );
    return baseOffset;
  }

  #assertSame(topicId: string | null): void {
    this.#topicId ??= topicId;
    if (topicId === this.#topicId) return;
    throw new KafkaClientError(
      'KEY_TOPIC_UNSAFE',
      `The key topic ${this.#options.topic} was deleted and made anew since this process opened it: the keys that it held are gone from it. ` +
        'Find out who did that, restore the topic if need be, then restart this process.',
    );
  }

  async close(): Promise<void> {
    await this.#options.polls.close();
    await this.#options.requests.close();
  }
}

/** Of all partitions together: what is held at once while millions of records are read. */
const pollBytes = 1024 * 1024;
/** What is asked for is there already or never will be: a broker has little to wait for. */
const lookWaitMs = 10;

function decoded(fetched: FetchedBatches, only?: ReadonlySet<bigint>): FetchedPartition {
  const { partition, offset, batches, highWatermark, throttleMs } = fetched;
  const { records, nextOffset } = decodeRecords(partition, offset, batches, only);
  return { partition, records, nextOffset, highWatermark, isThrottled: throttleMs > 0 };
}

/** No answer where the log does not reach: nothing stands there. */
async function noneOutOfRange(looking: Promise<FetchedBatches[]>): Promise<readonly FetchedBatches[]> {
  try {
    return await looking;
  } catch (error) {
    if (protocolErrorType(error) === 'OFFSET_OUT_OF_RANGE') return [];
    throw error;
  }
}
