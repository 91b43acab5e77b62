import { KafkaError, apis } from '@oubliette/protocol';
import type { Cluster } from './cluster.js';
import { partitionAnswer } from './partition-answer.js';

export interface LogDirPartition {
  readonly topic: string;
  readonly partition: number;
  readonly sizeBytes: bigint;
  /** How far the replica is behind, in offsets. */
  readonly offsetLag: bigint;
  /** Being moved to this directory. */
  readonly isFuture: boolean;
}

export interface LogDir {
  readonly nodeId: number;
  readonly path: string;
  /** Of the volume; -1 when unknown. */
  readonly totalBytes: bigint;
  readonly usableBytes: bigint;
  readonly partitions: readonly LogDirPartition[];
}

/** The log directories of every broker with their partitions. Throws `KafkaError` when a directory is offline. */
export async function describeLogDirsOnce(
  cluster: Cluster,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
): Promise<LogDir[]> {
  const ofNode = async (nodeId: number): Promise<LogDir[]> => {
    const connection = await cluster.node(nodeId);
    const answer = await connection.send(apis.describeLogDirs, { topics });
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, `log directories of node ${nodeId}`);
    return answer.results.map((dir) => {
      if (dir.errorCode !== 0)
        throw new KafkaError(dir.errorCode, `log directory ${dir.logDir} of node ${nodeId}`);
      return {
        nodeId,
        path: dir.logDir,
        totalBytes: dir.totalBytes,
        usableBytes: dir.usableBytes,
        partitions: dir.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
            topic: name,
            partition: partitionIndex,
            sizeBytes: partitionSize,
            offsetLag,
            isFuture: isFutureKey,
          })),
        ),
      };
    });
  };
  const all = await Promise.all((await cluster.nodeIds()).map(ofNode));
  return all.flat();
}

export interface ProducerDescription {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  /** ms since the Unix epoch. */
  readonly lastTimestamp: bigint;
  /** First offset of the transaction that is open, else null: an open transaction blocks cleaning. */
  readonly openTransactionStart: bigint | null;
  /** Whether it has written a transaction to the partition: a coordinator's marker was seen, or one is open. */
  readonly isTransactional: boolean;
}

/** The producers that the partition's leader remembers. */
export async function describeProducersOnce(
  cluster: Cluster,
  topic: string,
  partition: number,
): Promise<ProducerDescription[]> {
  const connection = await cluster.node(await cluster.leaderOf(topic, partition));
  const answer = await connection.send(apis.describeProducers, {
    topics: [{ name: topic, partitionIndexes: [partition] }],
  });
  const found = partitionAnswer(
    answer.topics[0]?.partitions[0],
    topic,
    partition,
    'cannot describe producers of',
  );
  return found.activeProducers.map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    lastSequence: producer.lastSequence,
    lastTimestamp: producer.lastTimestamp,
    openTransactionStart: producer.currentTxnStartOffset < 0n ? null : producer.currentTxnStartOffset,
    isTransactional: producer.coordinatorEpoch >= 0 || producer.currentTxnStartOffset >= 0n,
  }));
}
