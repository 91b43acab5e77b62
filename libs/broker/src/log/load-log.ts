import { join } from 'node:path/posix';
import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { finishReplacements } from './finish-replacements.js';
import { baseOffsetOf, segmentFile, segmentFileKinds } from './file-names.js';
import { LeaderEpochs } from './leader-epochs.js';
import { ProducerSnapshots } from './producer-snapshots.js';
import { ProducerStates } from './producer-states.js';
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
}

/**
 * Finds a log's segments on disk: finishes or takes back what a crash interrupted, checks every batch, cuts the log at the
 * first that is torn, rebuilds indexes and producer states.
 */
export function loadLog(location: LogLocation): {
  segments: SegmentList;
  producers: ProducerStates;
  snapshots: ProducerSnapshots;
  leaderEpochs: LeaderEpochs;
  logStartOffset: bigint;
} {
  const { disk, directory, clock } = location;
  finishReplacements(disk, directory);
  const bases = disk
    .listSync(directory)
    .map(({ name }) => baseOffsetOf(name))
    .filter((base) => base !== null)
    .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const producers = new ProducerStates();
  const segments = openSegments(location, bases, producers);
  if (segments.length === 0) {
    segments.push(Segment.create(disk, directory, location.logStartOffset, clock.now()));
    disk.syncDirectorySync(directory);
  }
  const list = new SegmentList(segments);
  const first = list.first.baseOffset;
  const start = location.logStartOffset > first ? location.logStartOffset : first;
  const end = list.active.nextOffset;
  const leaderEpochs = LeaderEpochs.load(disk, directory, location.logger);
  leaderEpochs.truncateFromEnd(end);
  const logStartOffset = start < end ? start : end;
  leaderEpochs.truncateFromStart(logStartOffset);
  const snapshots = ProducerSnapshots.list(disk, directory, location.logger, logStartOffset);
  const kept = new Set(list.all.map((segment) => segment.baseOffset));
  snapshots.prune(directory, kept, logStartOffset, end);
  return { segments: list, producers, snapshots, leaderEpochs, logStartOffset };
}

function openSegments(location: LogLocation, bases: readonly bigint[], producers: ProducerStates): Segment[] {
  const { disk, directory, clock } = location;
  const segments: Segment[] = [];
  for (const [index, base] of bases.entries()) {
    const segment = Segment.create(disk, directory, base, clock.now());
    segments.push(segment);
    const intact = segment.rebuild(location.indexIntervalBytes, (batch) => {
      if (batch.producerId < 0n) return;
      const { aborted } = producers.add(batch);
      if (aborted !== null) segment.transactionIndex.append(aborted);
    });
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
