import { Buffer } from 'node:buffer';
import { KafkaError } from '@oubliette/protocol';
import type { LargeAppends } from './large-appends.js';
import { findInSegment, newestInSegment, readSegment, type FoundRecords } from './log-reader.js';
import type { AbortedTransaction, FoundOffset, LogConfig, ReadOptions, ReadResult } from './partition-log.js';
import type { SegmentList } from './segment-list.js';
import type { Segment } from './segment.js';

const noBytes = new Uint8Array(0);

/** A log as its readers see it. */
export interface ReadableLog {
  readonly segments: SegmentList;
  readonly config: LogConfig;
  readonly logStartOffset: bigint;
  readonly logEndOffset: bigint;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
}

/** Batches from `offset` on, below the isolation level's bound. Throws KafkaError OFFSET_OUT_OF_RANGE. */
export async function readLog(
  log: ReadableLog,
  offset: bigint,
  maxBytes: number,
  { minOneBatch, mayCut = false, isolation, allocate = Buffer.allocUnsafe }: ReadOptions,
): Promise<ReadResult> {
  if (offset < log.logStartOffset || offset > log.logEndOffset) {
    throw new KafkaError(
      'OFFSET_OUT_OF_RANGE',
      `offset ${offset} is outside ${log.logStartOffset} to ${log.logEndOffset}`,
    );
  }
  // All of one moment: what becomes readable during the read belongs to the next.
  const { highWatermark, lastStableOffset, logStartOffset } = log;
  const bound = isolation === 'committed' ? lastStableOffset : highWatermark;
  let found: FoundRecords | null = null;
  let segment: Segment | undefined = log.segments.floor(offset);
  const { indexIntervalBytes } = log.config;
  while (found === null && segment !== undefined && offset < bound) {
    const from: Segment = segment;
    found = await from.whileOpen(() =>
      readSegment(from, { offset, bound, maxBytes, minOneBatch, mayCut, indexIntervalBytes, allocate }),
    );
    segment = log.segments.above(from.baseOffset);
  }
  return {
    records: found?.records ?? noBytes,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions: isolation === 'committed' ? collectAborted(log, offset, found) : null,
  };
}

/**
 * Aborted transactions that overlap what was read, by LocalLog.addAbortedTransactions: the end of the range is taken from the
 * offset index, so that a transaction that begins a little behind may be named too, as Kafka does.
 */
function collectAborted(log: ReadableLog, offset: bigint, found: FoundRecords | null): AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  if (found === null) return aborted;
  const { segment } = found;
  const indexed = segment.offsetBehind(found.position + found.rangeBytes);
  const end = indexed ?? log.segments.above(segment.baseOffset)?.baseOffset ?? log.logEndOffset;
  for (let from: Segment | undefined = segment; from !== undefined;) {
    if (from.transactionIndex.collect(offset, end, aborted)) break;
    from = log.segments.above(from.baseOffset);
  }
  return aborted;
}

/**
 * The first record with a timestamp of at least `timestamp` (ms) in the first segment that has one so late (UnifiedLog.searchOffsetInLocalLog):
 * when all of those lie before the log start, Kafka looks no further, and neither do we.
 */
export async function findByTimestamp(
  log: ReadableLog,
  timestamp: bigint,
  large: LargeAppends,
): Promise<FoundOffset | null> {
  const segment = log.segments.all.find((candidate) => latestTimestamp(candidate) >= timestamp);
  if (segment === undefined) return null;
  return segment.whileOpen(() => findInSegment(segment, timestamp, log.logStartOffset, large));
}

/** The first record that has the highest timestamp of the log (KIP-734). */
export async function findMaxTimestamp(log: ReadableLog, large: LargeAppends): Promise<FoundOffset | null> {
  let newest = log.segments.first;
  for (const segment of log.segments.all) if (segment.maxTimestamp > newest.maxTimestamp) newest = segment;
  return newest.whileOpen(() => newestInSegment(newest, large));
}

/** Records without a timestamp count as written when the file was (LogSegment.largestTimestamp). */
function latestTimestamp(segment: Segment): bigint {
  return segment.maxTimestamp >= 0n ? segment.maxTimestamp : BigInt(segment.lastWriteMs);
}
