import { KafkaError, type BatchView } from '@oubliette/protocol';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { readBatches } from './batch-scan.js';
import { segmentFile } from './file-names.js';
import { ProducerSnapshots } from './producer-snapshots.js';
import { ProducerStates } from './producer-states.js';
import type { Segment } from './segment.js';
import { isDiskFull } from './storage-error.js';
import { CorruptTransactionIndex, TransactionIndex } from './transaction-index.js';

/** Of how many segments at the end a scan leaves the snapshots that rolling would have left. */
const snapshotSegments = 2;

/** A log whose segments were found; their offsets and offset indexes are right already. */
export interface RestoredLog {
  readonly disk: Disk;
  readonly logger: Logger;
  readonly directory: string;
  /** Of the files in it. */
  readonly names: ReadonlySet<string>;
  readonly segments: readonly Segment[];
  readonly logStartOffset: bigint;
  readonly logEndOffset: bigint;
  /**
   * What lies from here on may not have been synced: snapshots behind it, and transaction indexes of its segment and later ones, are made
   * anew; so is that of the last segment, whose records alone were. Null after a clean stop.
   */
  readonly recoveryPoint: bigint | null;
  /** Wall-clock ms. */
  readonly nowMs: number;
  /** producer.id.expiration.ms */
  readonly producerExpirationMs: number;
}

/**
 * Learns what was known of producers and transactions: from the newest believable snapshot, then from the batches behind it (Kafka's
 * UnifiedLog.rebuildProducerState and LogSegment.recover). Loads the segments' transaction indexes, and rebuilds those that cannot be
 * trusted. Throws DiskError.
 */
export async function restoreProducers(
  log: RestoredLog,
): Promise<{ producers: ProducerStates; snapshots: ProducerSnapshots }> {
  const { directory, names, segments, logStartOffset, logEndOffset } = log;
  const rebuiltFrom = loadTransactionIndexes(log);
  const snapshots = ProducerSnapshots.among(names, log.disk, log.logger, logStartOffset);
  const bases = new Set(segments.map((segment) => segment.baseOffset));
  snapshots.prune(directory, bases, logStartOffset, rebuiltFrom ?? logEndOffset);

  const producers = new ProducerStates();
  const loaded = snapshots.loadLatest(directory);
  for (const [producerId, state] of loaded?.states ?? []) {
    if (!ProducerStates.isExpired(state, log.nowMs, log.producerExpirationMs))
      producers.load(producerId, state);
  }
  const from = loaded?.offset ?? logStartOffset;
  const take = async (offset: bigint): Promise<void> => {
    const taken = snapshots.take(offset, producers.all);
    if (taken === null) return;
    try {
      await snapshots.write(directory, taken);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      snapshots.remove(directory, offset);
      log.logger.warn('there is no room for a producer snapshot: the next start reads the log instead', {
        path: directory,
        offset: String(offset),
      });
    }
  };
  for (const [index, segment] of segments.entries()) {
    const isRebuilt = rebuiltFrom !== null && segment.baseOffset >= rebuiltFrom;
    // The last segments are those that another crash would have to go through; Kafka leaves one at each that it recovers.
    const isWanted = isRebuilt || index >= segments.length - snapshotSegments;
    if (isWanted && segment.baseOffset > from) {
      await take(segment.baseOffset);
    }
    if (segment.nextOffset > from) await replay(log, segment, from, producers, isRebuilt);
    if (isRebuilt) storeRebuilt(log, segment);
  }
  producers.transactions.settleBelow(logEndOffset);
  await take(logEndOffset);
  return { producers, snapshots };
}

/** Without room it is kept in memory, and the recovery point stays below the segment until it is written. */
function storeRebuilt({ logger }: RestoredLog, segment: Segment): void {
  try {
    segment.storeTransactionIndex();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const path = segment.path('txnindex');
    logger.warn('there is no room for a transaction index: the next roll, or the next start, writes it', {
      path,
    });
  }
}

/** Returns the base offset of the first segment whose index is to be rebuilt, null when all can be trusted. */
function loadTransactionIndexes({
  disk,
  logger,
  names,
  segments,
  recoveryPoint,
}: RestoredLog): bigint | null {
  let rebuiltFrom: bigint | null = null;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const isFlushed = recoveryPoint === null || (next !== undefined && next.baseOffset <= recoveryPoint);
    if (rebuiltFrom === null && isFlushed) {
      // Most segments have none.
      if (!names.has(segmentFile(segment.baseOffset, 'txnindex'))) continue;
      const path = segment.path('txnindex');
      const content = disk.readFileSync(path);
      try {
        segment.transactionIndex = TransactionIndex.decode(content, segment.baseOffset);
        continue;
      } catch (error) {
        if (!(error instanceof CorruptTransactionIndex)) throw error;
        logger.warn('a transaction index is damaged and rebuilt', { path, cause: error.message });
      }
    }
    rebuiltFrom ??= segment.baseOffset;
    segment.transactionIndex = new TransactionIndex();
  }
  return rebuiltFrom;
}

async function replay(
  log: RestoredLog,
  segment: Segment,
  from: bigint,
  producers: ProducerStates,
  isRebuilt: boolean,
): Promise<void> {
  const add = (batch: BatchView): void => {
    if (batch.producerId < 0n || batch.lastOffset < from || batch.lastOffset < log.logStartOffset) return;
    const { aborted } = producers.add(batch);
    if (aborted !== null && isRebuilt) segment.transactionIndex.append(aborted);
  };
  try {
    for await (const chunk of readBatches(segment.file, segment.positionBefore(from), segment.sizeBytes)) {
      for (const { batch } of chunk) add(batch);
    }
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    // Readers of that place are told; what follows it in other segments is still known.
    log.logger.error('producers of a damaged segment are not known: their retries may be refused', {
      path: segment.path('log'),
      cause: error.message,
    });
  }
}
