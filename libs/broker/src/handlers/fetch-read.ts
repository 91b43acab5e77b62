import type { Buffer } from 'node:buffer';
import { ErrorCode, KafkaError } from '@oubliette/protocol';
import type { PartitionLog, ReadOptions, ReadResult } from '../log/partition-log.js';
import type { BrokerServices } from '../server/broker-services.js';
import { answerError } from './answer-error.js';
import {
  missingPartition,
  noRecords,
  refusedPartition,
  type PartitionAnswer,
  type WantedPartition,
} from './fetch-partition.js';
import type { FetchShare } from './fetch-share.js';
import { checkLeaderEpoch } from './leader-epoch.js';
import { TimeSlice } from '../log/time-slice.js';

/** Partitions that are looked at before others are let run. */
const restEvery = 128;

export type Isolation = ReadOptions['isolation'];

/** A partition that was read, with what could be read of it then. */
export interface SeenLog {
  readonly log: PartitionLog;
  readonly maxBytes: number;
  readonly bytes: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
}

/** One pass over the partitions of a fetch. */
export interface FetchPass {
  readonly answers: readonly PartitionAnswer[];
  readonly seen: readonly SeenLog[];
  readonly bytes: number;
  /** A partition that is there could not be read: the answer does not wait. */
  readonly hasError: boolean;
}

/**
 * Reads the partitions in order, `maxBytes` of all (ReplicaManager.readFromLog). Once one gave records, every further one keeps
 * to what is left of both bounds; before, one whole batch is given even when it is larger. Partitions that are not there stand last.
 * What is read is taken from `share`, into what `allocate` gives.
 */
export async function readPartitions(
  wanted: readonly WantedPartition[],
  broker: BrokerServices,
  maxBytes: number,
  isolation: Isolation,
  share: FetchShare,
  allocate: (bytes: number) => Buffer,
): Promise<FetchPass> {
  const answers: PartitionAnswer[] = [];
  const missing: PartitionAnswer[] = [];
  const seen: SeenLog[] = [];
  let bytes = 0;
  let hasError = false;
  const slice = new TimeSlice(broker.clock);
  share.begin();
  for (const [index, partition] of wanted.entries()) {
    const rest = index % restEvery === restEvery - 1 ? slice.rest() : null;
    if (rest !== null) await rest;
    const log = findLog(partition, broker);
    if (typeof log === 'string') {
      missing.push(missingPartition(partition, log));
      continue;
    }
    try {
      const limit = Math.max(0, Math.min(partition.maxBytes, maxBytes - bytes));
      const read = readLog(
        log,
        partition,
        limit,
        { minOneBatch: bytes === 0, mayCut: true, isolation, allocate },
        share,
      );
      // Most partitions of a fetch have nothing new: they are answered without a turn of the event loop.
      const answer = read instanceof Promise ? await read : read;
      bytes += answer.records.length;
      seen.push({
        log,
        maxBytes: partition.maxBytes,
        bytes: answer.records.length,
        highWatermark: answer.highWatermark,
        lastStableOffset: answer.lastStableOffset,
      });
      hasError ||= answer.divergingEpoch !== undefined;
      answers.push(answer);
    } catch (error) {
      hasError = true;
      answers.push(refusedPartition(partition, answerError(error, broker.logger).errorCode));
    }
  }
  share.end();
  return { answers: [...answers, ...missing], seen, bytes, hasError };
}

/** The log, or what to answer when there is none. */
function findLog(
  { topic, partition }: WantedPartition,
  { topics }: BrokerServices,
): PartitionLog | 'UNKNOWN_TOPIC_ID' | 'UNKNOWN_TOPIC_OR_PARTITION' {
  if (topic === undefined) return 'UNKNOWN_TOPIC_ID';
  try {
    return topics.log(topic, partition);
  } catch (error) {
    if (error instanceof KafkaError) return 'UNKNOWN_TOPIC_OR_PARTITION';
    throw error;
  }
}

function readLog(
  log: PartitionLog,
  wanted: WantedPartition,
  limit: number,
  options: ReadOptions,
  share: FetchShare,
): PartitionAnswer | Promise<PartitionAnswer> {
  checkLeaderEpoch(wanted.leaderEpoch, log);
  const { fetchOffset } = wanted;
  if (wanted.lastFetchedEpoch >= 0) {
    const diverging = divergence(log, wanted);
    if (diverging !== null) return diverging;
  }
  if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset) {
    throw new KafkaError('OFFSET_OUT_OF_RANGE');
  }
  const end = options.isolation === 'committed' ? log.lastStableOffset : log.highWatermark;
  if (fetchOffset >= end || (limit === 0 && !options.minOneBatch))
    return answerOf(wanted, nothingRead(log, options));
  if (wanted.maxBytes < 0) {
    throw new KafkaError('UNKNOWN_SERVER_ERROR', `a fetch of ${wanted.maxBytes} bytes`);
  }
  const taken = share.take(limit, options.minOneBatch);
  if (taken === null) return answerOf(wanted, nothingRead(log, options));
  return log.read(fetchOffset, Math.min(limit, taken), options).then(
    (found) => {
      share.settle(taken, found.records.length, limit);
      return answerOf(wanted, found);
    },
    (error: unknown) => {
      share.settle(taken, 0, limit);
      throw error;
    },
  );
}

/** The client's last record is of an epoch that ended earlier in this log (KIP-595), or null when it is not. */
function divergence(log: PartitionLog, wanted: WantedPartition): PartitionAnswer | null {
  const { leaderEpoch: epoch, endOffset } = log.epochEnd(wanted.lastFetchedEpoch);
  if (epoch < 0 || endOffset < 0n) throw new KafkaError('OFFSET_OUT_OF_RANGE');
  if (wanted.fetchOffset < log.logStartOffset) throw new KafkaError('OFFSET_OUT_OF_RANGE');
  if (epoch >= wanted.lastFetchedEpoch && endOffset >= wanted.fetchOffset) return null;
  const nothing = nothingRead(log, { minOneBatch: false, isolation: 'uncommitted' });
  return { ...answerOf(wanted, nothing), divergingEpoch: { epoch, endOffset } };
}

function nothingRead(log: PartitionLog, { isolation }: ReadOptions): ReadResult {
  return {
    records: noRecords,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    abortedTransactions: isolation === 'committed' ? [] : null,
  };
}

function answerOf(wanted: WantedPartition, found: ReadResult): PartitionAnswer {
  return {
    wanted,
    partitionIndex: wanted.partition,
    errorCode: ErrorCode.NONE,
    highWatermark: found.highWatermark,
    lastStableOffset: found.lastStableOffset,
    logStartOffset: found.logStartOffset,
    abortedTransactions: found.abortedTransactions,
    records: found.records,
  };
}
