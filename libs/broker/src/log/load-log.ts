import { join } from 'node:path/posix';
import type { Clock, Disk } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import type { Logger } from '../logger.js';
import { baseOffsetOf, indexedLogOf, leaderEpochCheckpointFile } from './file-names.js';
import { finishReplacements } from './finish-replacements.js';
import { LeaderEpochs } from './leader-epochs.js';
import type { LogLocation } from './log-location.js';
import { openSegments } from './open-segments.js';
import { ProducerSnapshots } from './producer-snapshots.js';
import { ProducerStates } from './producer-states.js';
import { restoreProducers } from './restore-producers.js';
import { SegmentList } from './segment-list.js';
import { Segment } from './segment.js';
import { isDiskFull } from './storage-error.js';

/** A log that was found on disk. */
export interface LoadedLog {
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  readonly snapshots: ProducerSnapshots;
  readonly leaderEpochs: LeaderEpochs;
  readonly logStartOffset: bigint;
  /** Whether a power cut left offsets out, though it was never cleaned. */
  readonly hasGaps: boolean;
}

/**
 * Finds a log's segments on disk: finishes or takes back what a crash interrupted, and cuts off what was torn behind the recovery
 * point (Kafka's LogLoader). What lies below the recovery point is not read and never cut. Throws BrokerError DATA_DIR_CORRUPT,
 * STOPPED; DiskError.
 */
export async function loadLog(location: LogLocation): Promise<LoadedLog> {
  const { disk, directory, clock, logger } = location;
  const names = await finishReplacements(disk, directory);
  removeOrphans(location, names);
  const bases = names
    .map((name) => baseOffsetOf(name))
    .filter((base) => base !== null)
    .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const segments: Segment[] = [];
  const leaderEpochs = names.includes(leaderEpochCheckpointFile)
    ? LeaderEpochs.load(disk, directory, logger)
    : LeaderEpochs.none(disk);
  try {
    const hasGaps = await openSegments(location, bases, segments, leaderEpochs);
    assertNothingLost(location, segments);
    dropBelowStart(location, segments);
    if (segments.length === 0) {
      segments.push(new Segment(disk, directory, location.logStartOffset, clock.now()));
      disk.syncDirectorySync(directory);
    }
    const list = new SegmentList(segments);
    const logEndOffset = list.active.nextOffset;
    const logStartOffset = startOf(location, list);
    leaderEpochs.truncateFromEnd(logEndOffset);
    leaderEpochs.truncateFromStart(logStartOffset);
    try {
      leaderEpochs.write(directory, logEndOffset);
    } catch (error) {
      // The log has its recovery point behind them until they are written.
      if (!isDiskFull(error)) throw error;
      logger.warn('there is no room for the leader epochs', { path: directory });
    }
    const { producers, snapshots } = await restoreProducers({
      disk,
      logger,
      directory,
      names: new Set(names),
      segments,
      logStartOffset,
      logEndOffset,
      recoveryPoint: location.closedCleanly ? null : location.recoveryPoint,
      nowMs: clock.now(),
      producerExpirationMs: location.producerExpirationMs,
    });
    return { segments: list, producers, snapshots, leaderEpochs, logStartOffset, hasGaps };
  } catch (error) {
    for (const segment of segments) segment.close();
    throw error;
  }
}

/** An index without its log file says nothing (LogLoader.loadSegmentFiles). */
function removeOrphans({ disk, directory, logger }: LogLocation, names: readonly string[]): void {
  const known = new Set(names);
  for (const name of names) {
    const log = indexedLogOf(name);
    if (log === null || known.has(log)) continue;
    const path = join(directory, name);
    logger.warn('an index without its log file is removed', { path });
    disk.removeFileSync(path);
  }
}

/** A log that was not there: its directory is empty. Throws DiskError. */
export function newLog(disk: Disk, clock: Clock, logger: Logger, directory: string): LoadedLog {
  const segments = new SegmentList([new Segment(disk, directory, 0n, clock.now())]);
  return {
    segments,
    producers: new ProducerStates(),
    snapshots: ProducerSnapshots.among([], disk, logger, 0n),
    leaderEpochs: LeaderEpochs.none(disk),
    logStartOffset: 0n,
    hasGaps: false,
  };
}

/** A log that ends below what was synced has lost a file, or the end of one: an empty or shorter log is never silently put in its place. */
function assertNothingLost(
  { directory, recoveryPoint, logStartOffset }: LogLocation,
  segments: readonly Segment[],
): void {
  const last = segments.at(-1);
  const end = last?.nextOffset ?? logStartOffset;
  if (end >= recoveryPoint) return;
  const where =
    last === undefined ? `${directory} holds no segment` : `${last.path('log')} ends at offset ${end}`;
  throw new BrokerError(
    'DATA_DIR_CORRUPT',
    `${where}, yet records up to offset ${recoveryPoint} were synced: restore the missing files from a copy, ` +
      'or take the line of this partition out of recovery-point-offset-checkpoint to go on without them.',
  );
}

/**
 * A client moved the start behind records that a crash then took: the log begins anew there, so that no offset is given out twice
 * (LogLoader.deleteSegmentsIfLogStartGreaterThanLogEnd).
 */
function dropBelowStart({ disk, directory, logger, logStartOffset }: LogLocation, segments: Segment[]): void {
  const end = segments.at(-1)?.nextOffset;
  if (end === undefined || end >= logStartOffset) return;
  logger.warn('the log ends before its start, and begins anew there', {
    path: directory,
    ends: String(end),
    begins: String(logStartOffset),
  });
  for (const segment of segments.splice(0)) segment.removeFiles();
  disk.syncDirectorySync(directory);
}

function startOf({ directory, logger, ...known }: LogLocation, list: SegmentList): bigint {
  const first = list.first.baseOffset;
  if (known.logStartOffset >= first) return known.logStartOffset;
  if (known.recoveryPoint > 0n) {
    logger.warn('the log begins later than its checkpoint says: the records between are gone', {
      path: directory,
      checkpoint: String(known.logStartOffset),
      begins: String(first),
    });
  }
  return first;
}
