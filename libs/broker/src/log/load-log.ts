import { join } from 'node:path/posix';
import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { finishReplacements } from './finish-replacements.js';
import { baseOffsetOf, segmentFile, segmentFileKinds } from './file-names.js';
import { LeaderEpochs } from './leader-epochs.js';
import { ProducerSnapshots } from './producer-snapshots.js';
import { ProducerStates } from './producer-states.js';
import { restoreProducers } from './restore-producers.js';
import { SegmentList } from './segment-list.js';
import { readIfThere, Segment } from './segment.js';

/** Where a log is and what is known of it. */
export interface LogLocation {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: string;
  readonly indexIntervalBytes: number;
  /** From the checkpoint: where the log begins when a client moved its start, or retention emptied it. */
  readonly logStartOffset: bigint;
  /** Whether the last owner closed it: then nothing needs a sync. */
  readonly closedCleanly: boolean;
  /** producer.id.expiration.ms */
  readonly producerExpirationMs: number;
}

/** What a log is made of once it was found. */
export interface LoadedLog {
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  readonly snapshots: ProducerSnapshots;
  readonly leaderEpochs: LeaderEpochs;
  readonly logStartOffset: bigint;
}

/** An empty log in an empty directory. Throws DiskError. */
export function newLog({ disk, directory, logger, clock, logStartOffset }: LogLocation): LoadedLog {
  const segments = new SegmentList([Segment.create(disk, directory, logStartOffset, clock.now())]);
  disk.syncDirectorySync(directory);
  return {
    segments,
    producers: new ProducerStates(),
    snapshots: ProducerSnapshots.list(disk, directory, logger, logStartOffset),
    leaderEpochs: LeaderEpochs.load(disk, directory, logger),
    logStartOffset,
  };
}

/**
 * Finds a log's segments on disk: finishes or takes back what a crash interrupted, checks every batch, cuts the log at the
 * first that is torn, rebuilds indexes and producer states.
 */
export async function loadLog(location: LogLocation): Promise<LoadedLog> {
  const { disk, directory, clock, logger } = location;
  finishReplacements(disk, directory);
  const bases = disk
    .listSync(directory)
    .map(({ name }) => baseOffsetOf(name))
    .filter((base) => base !== null)
    .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const opened = openSegments(location, bases);
  if (opened.length === 0) {
    opened.push(Segment.create(disk, directory, location.logStartOffset, clock.now()));
    disk.syncDirectorySync(directory);
  }
  const segments = new SegmentList(opened);
  const first = segments.first.baseOffset;
  const start = location.logStartOffset > first ? location.logStartOffset : first;
  const logEndOffset = segments.active.nextOffset;
  const logStartOffset = start < logEndOffset ? start : logEndOffset;
  const restored = await restoreProducers({
    disk,
    logger,
    directory,
    segments: opened,
    logStartOffset,
    logEndOffset,
    recoveryPoint: location.closedCleanly ? null : logStartOffset,
    nowMs: clock.now(),
    producerExpirationMs: location.producerExpirationMs,
  });
  const leaderEpochs = LeaderEpochs.load(disk, directory, logger);
  const isCut = leaderEpochs.truncateFromEnd(logEndOffset);
  if (leaderEpochs.truncateFromStart(logStartOffset) || isCut) leaderEpochs.write(directory);
  return { segments, ...restored, leaderEpochs, logStartOffset };
}

function openSegments(location: LogLocation, bases: readonly bigint[]): Segment[] {
  const { disk, directory, clock } = location;
  const segments: Segment[] = [];
  for (const [index, base] of bases.entries()) {
    const segment = Segment.create(disk, directory, base, clock.now());
    segments.push(segment);
    const intact = segment.rebuild(location.indexIntervalBytes, () => undefined);
    segment.readableBytes = segment.sizeBytes;
    const rest = bases.slice(index + 1);
    if (!intact) {
      cut(location, segment, rest);
      break;
    }
    if (rest.length > 0) renewIndexes(disk, segment);
    // What a crash left in the page cache is served from now on: another crash must not lose it.
    if (!location.closedCleanly) segment.file.syncSync();
  }
  return segments;
}

/** Ends the log behind the segment's last intact batch; what lies behind in later segments was never acknowledged as synced. */
function cut(location: LogLocation, segment: Segment, laterBases: readonly bigint[]): void {
  const { disk, directory, logger } = location;
  logger.warn('the log is cut at its first torn batch', {
    path: segment.path('log'),
    position: segment.sizeBytes,
    cutBytes: segment.file.size() - segment.sizeBytes,
    laterSegments: laterBases.length,
  });
  segment.file.truncateSync(segment.sizeBytes);
  segment.file.syncSync();
  for (const base of laterBases) {
    for (const kind of segmentFileKinds) {
      const path = join(directory, segmentFile(base, kind));
      if (disk.existsSync(path)) disk.removeFileSync(path);
    }
  }
  disk.syncDirectorySync(directory);
}

function renewIndexes(disk: Disk, segment: Segment): void {
  const stored = readIfThere(disk, segment.path('index'));
  const times = readIfThere(disk, segment.path('timeindex'));
  if (stored === null || times === null || stored.length !== segment.offsetIndex.sizeBytes)
    segment.writeIndexes();
}
