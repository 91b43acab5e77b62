import { apis, iterateBatches, iterateRecords, type BatchView, type ResponseOf } from '@oubliette/protocol';
import type { ReceivedRecord } from '../ports.js';
import type { Cluster } from './cluster.js';
import { PartitionError } from './errors.js';

export interface FetchOptions {
  /** How long the broker may wait for `minBytes`, in ms; default 500. */
  readonly maxWaitMs?: number;
  /** Default 1. */
  readonly minBytes?: number;
  /** Of one partition's record batches; at least one batch always comes. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Of all partitions of one answer: what is left over serves them in the order asked for, the first that has any gives at
   * least one batch. Default: enough for `maxBytes` of each.
   */
  readonly maxTotalBytes?: number;
  readonly signal?: AbortSignal;
}

export interface FetchPosition {
  readonly topic: string;
  /**
   * With it, a topic that was made anew under the name is not taken for the same: UNKNOWN_TOPIC_ID, from brokers that know
   * ids (Kafka 3.1, KIP-516). For all positions of a call or for none.
   */
  readonly topicId?: string;
  readonly partition: number;
  readonly offset: bigint;
  /**
   * Node id of the replica to read from; default: the leader. A broker that follows serves consumers since Kafka 2.4 (KIP-392), up to
   * the high watermark that it knows.
   */
  readonly broker?: number;
}

/** What a fetch gave for one partition, as it came. */
export interface FetchedBatches extends FetchPosition {
  /** Record batches, the last one perhaps cut off, the first one perhaps from below the offset asked for. */
  readonly batches: Uint8Array | null;
  readonly highWatermark: bigint;
  readonly logStart: bigint;
  /** The broker held records back for a quota, ms: an empty answer says nothing then. 0 otherwise. */
  readonly throttleMs: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** From the offset asked for, in order; without control records. Keys and values are views of the answer. */
  readonly records: readonly ReceivedRecord[];
  /** Where to go on: behind the last batch, also when cleaning or control batches left no records. */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  readonly logStart: bigint;
  /** The broker held records back for a quota, ms: an empty answer says nothing then. 0 otherwise. */
  readonly throttleMs: number;
}

/** Here topics go by their id alone, in the versions before by their name alone; what came later is of no use here. */
const FETCH_BY_ID_VERSION = 13;
const FETCH_BY_NAME_VERSION = 12;
const DEFAULT_MAX_BYTES = 1024 * 1024;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;

/** One request to each broker concerned. Throws `PartitionError` with the first partition's error. */
export async function fetchOnce(
  cluster: Cluster,
  positions: readonly FetchPosition[],
  options: FetchOptions,
): Promise<FetchedBatches[]> {
  const byBroker = new Map<number, FetchPosition[]>();
  for (const position of positions) {
    const broker = position.broker ?? (await cluster.leaderOf(position.topic, position.partition));
    const own = byBroker.get(broker) ?? [];
    own.push(position);
    byBroker.set(broker, own);
  }
  const fetched = await Promise.all(
    [...byBroker].map(([broker, own]) => fetchFrom(cluster, broker, own, options)),
  );
  return fetched.flat();
}

async function fetchFrom(
  cluster: Cluster,
  broker: number,
  positions: readonly FetchPosition[],
  options: FetchOptions,
): Promise<FetchedBatches[]> {
  const { maxWaitMs = 500, minBytes = 1, maxBytes = DEFAULT_MAX_BYTES, signal } = options;
  const { maxTotalBytes = maxBytes * positions.length } = options;
  const isById = positions.every(({ topicId }) => topicId !== undefined);
  const maxVersion = isById ? FETCH_BY_ID_VERSION : FETCH_BY_NAME_VERSION;
  const connection = await cluster.node(broker, 'polls');
  const answer = await connection.send(
    apis.fetch,
    {
      replicaId: NO_REPLICA,
      maxWaitMs,
      minBytes,
      maxBytes: Math.min(0x7fffffff, maxTotalBytes),
      isolationLevel: READ_UNCOMMITTED,
      topics: positions.map(({ topic, topicId, partition, offset }) => ({
        topic,
        ...(topicId === undefined ? {} : { topicId }),
        partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }],
      })),
    },
    { maxVersion, waitMs: maxWaitMs, ...(signal === undefined ? {} : { signal }) },
  );
  const answers = partitionsOf(answer);
  return positions.map((position) => {
    const { topic, topicId, partition } = position;
    const found = answers.get(`${topic}-${partition}`) ?? answers.get(`${topicId}-${partition}`);
    // A broker leaves out what it has no answer to only in sessions, which are not used here.
    if (found === undefined) throw partitionError('UNKNOWN_SERVER_ERROR', position);
    return fetchedBatches(position, found, answer.throttleTimeMs);
  });
}

type PartitionAnswer = ResponseOf<'fetch'>['responses'][number]['partitions'][number];

function partitionsOf(answer: ResponseOf<'fetch'>): Map<string, PartitionAnswer> {
  return new Map(
    answer.responses.flatMap(({ topic, topicId, partitions }) =>
      partitions.map((partition) => [`${topic || topicId}-${partition.partitionIndex}`, partition]),
    ),
  );
}

function partitionError(
  code: ConstructorParameters<typeof PartitionError>[0],
  at: FetchPosition,
): PartitionError {
  return new PartitionError(code, at.topic, at.partition, `cannot fetch from offset ${at.offset} of`);
}

function fetchedBatches(
  position: FetchPosition,
  answer: PartitionAnswer,
  throttleMs: number,
): FetchedBatches {
  if (answer.errorCode !== 0) throw partitionError(answer.errorCode, position);
  // A leader with a replica selector may send consumers elsewhere: it gives no records then.
  if (position.broker !== undefined && answer.preferredReadReplica >= 0)
    throw partitionError('REPLICA_NOT_AVAILABLE', position);
  return {
    ...position,
    batches: answer.records,
    highWatermark: answer.highWatermark,
    logStart: answer.logStartOffset,
    throttleMs,
  };
}

/** Throws `KafkaError` for batches that are not intact. */
export function decodeFetched({ offset, batches, ...fetched }: FetchedBatches): FetchedPartition {
  const { topic, partition } = fetched;
  const records: ReceivedRecord[] = [];
  let nextOffset = offset;
  if (batches !== null) {
    for (const batch of iterateBatches(batches, { partialTail: 'ignore' })) {
      if (!batch.isControl) addRecords(records, batch, { topic, partition, offset });
      nextOffset = batch.nextOffset;
    }
  }
  return { ...fetched, records, nextOffset };
}

/** A batch may begin before the offset asked for. */
function addRecords(
  records: ReceivedRecord[],
  batch: BatchView,
  { topic, partition, offset }: FetchPosition,
): void {
  for (const record of iterateRecords(batch)) {
    if (record.offset < offset) continue;
    records.push({
      topic,
      partition,
      offset: record.offset,
      timestamp: Number(record.timestamp),
      key: record.key,
      value: record.value,
      headers: headersOf(record.headers),
    });
  }
}

/** Of a name that stands twice the last counts, a null reads as missing: as the other clients here have it. */
function headersOf(
  headers: readonly { readonly key: string; readonly value: Uint8Array | null }[],
): Record<string, string> {
  const named: Record<string, string> = {};
  for (const { key, value } of headers) {
    if (value !== null)
      named[key] = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  }
  return named;
}
