import { apis } from '@oubliette/protocol';
import type { Cluster } from './cluster.js';
import { partitionAnswer } from './partition-answer.js';

/**
 * `earliest`: log start; `latest`: high watermark; `stable`: last stable offset, where the first open transaction begins; a bigint:
 * the first record not older, in ms since the Unix epoch.
 */
export type OffsetPoint = 'earliest' | 'latest' | 'stable' | bigint;

export interface ListedOffset {
  /** -1 when no record is as young as the time asked for. */
  readonly offset: bigint;
  /** ms; -1 with `earliest`, `latest` and `stable`. */
  readonly timestamp: bigint;
}

const LATEST = -1n;
const EARLIEST = -2n;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

export async function listOffsetOnce(
  cluster: Cluster,
  topic: string,
  partition: number,
  point: OffsetPoint,
): Promise<ListedOffset> {
  const timestamp = typeof point === 'bigint' ? point : point === 'earliest' ? EARLIEST : LATEST;
  const connection = await cluster.node(await cluster.leaderOf(topic, partition));
  const answer = await connection.send(apis.listOffsets, {
    replicaId: NO_REPLICA,
    isolationLevel: point === 'stable' ? READ_COMMITTED : READ_UNCOMMITTED,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
  });
  const found = partitionAnswer(answer.topics[0]?.partitions[0], topic, partition, 'cannot list offsets of');
  return { offset: found.offset, timestamp: found.timestamp };
}
