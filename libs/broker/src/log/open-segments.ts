import { join } from 'node:path/posix';
import { BrokerError } from '../errors.js';
import { segmentFile, segmentFileKinds } from './file-names.js';
import { checkStoredIndexes, isOfRecords, readIndexes, type IndexFault } from './index-check.js';
import type { LeaderEpochs } from './leader-epochs.js';
import type { LogLocation } from './log-location.js';
import { Segment } from './segment.js';
import { isDiskFull } from './storage-error.js';

/**
 * Opens the segments with these base offsets (ascending) and adds them to `opened`. Those below the recovery point are taken as their
 * indexes say; the others are read, checked and, from the first bad batch on, cut off together with all that follows. Resolves to whether
 * a power cut took whole batches from the end of a segment and left the next: that is no reason to refuse the log, now or later.
 */
export async function openSegments(
  location: LogLocation,
  bases: readonly bigint[],
  opened: Segment[],
  leaderEpochs: LeaderEpochs,
): Promise<boolean> {
  const { disk, directory, clock, slice } = location;
  let hasGaps = false;
  for (const [index, base] of bases.entries()) {
    await slice.rest();
    const { segment, fileBytes } = Segment.open(disk, directory, base, clock.now());
    opened.push(segment);
    const next = bases[index + 1];
    const isSynced = location.closedCleanly || (next !== undefined && next <= location.recoveryPoint);
    if (!isSynced) {
      const later = bases.slice(index + 1);
      if (!(await recover(location, segment, later, leaderEpochs))) break;
      if (isUndoneRoll(location, segment, later)) {
        removeSegments(location, later);
        break;
      }
      hasGaps = isGap(location, segment, next) || hasGaps;
      // A start after a clean stop goes by its indexes: those that a crash left are not to be trusted.
      if (next !== undefined) await sealRecovered(location, segment);
      continue;
    }
    if (next === undefined) await resumeLast(location, segment, fileBytes, leaderEpochs);
    else await adoptSealed(location, segment, fileBytes, next, leaderEpochs);
  }
  return hasGaps;
}

async function adoptSealed(
  location: LogLocation,
  segment: Segment,
  sizeBytes: number,
  nextBase: bigint,
  leaderEpochs: LeaderEpochs,
): Promise<void> {
  const found = checkStoredIndexes(location.disk, segment, sizeBytes, nextBase);
  const isEmptied =
    sizeBytes === 0 && (!location.mayHaveGaps || (location.closedCleanly && isOfRecords(found)));
  if (isEmptied) throw emptied(segment, nextBase);
  if ('fault' in found) {
    await rebuildIndexes(location, segment, found, leaderEpochs);
    await sealRecovered(location, segment);
  } else segment.adopt(sizeBytes, nextBase, found);
  await assertReaches(location, segment, nextBase);
  segment.sizeBytes = segment.readableBytes = sizeBytes;
  segment.nextOffset = nextBase;
}

/** Without room for its indexes they are kept in memory; none is left on disk that the next start would believe. */
async function sealRecovered({ logger }: LogLocation, segment: Segment): Promise<void> {
  try {
    await segment.seal();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    segment.removeIndexes();
    logger.warn('there is no room for the indexes of a segment: the next start makes them again', {
      path: segment.path('log'),
    });
  }
}

/**
 * Says where the batches of a sealed segment end before its file does, or before its time index: that is all there is to tell where
 * something was cut off behind the last indexed batch. Without cleaning, segments follow each other: where the next begins later, one between
 * them is gone. Kafka's LogLoader looks at neither.
 */
async function assertReaches(location: LogLocation, segment: Segment, nextBase: bigint): Promise<void> {
  const { position, nextOffset } = await segment.findEnd();
  if (position !== segment.sizeBytes) {
    location.logger.warn(
      'a sealed segment does not end with a whole batch: its last records cannot be read',
      {
        path: segment.path('log'),
        position,
        sizeBytes: segment.sizeBytes,
        next: String(nextBase),
      },
    );
    return;
  }
  if (nextOffset === nextBase) return;
  if (location.mayHaveGaps) {
    if (segment.maxTimestampOffset < (nextOffset ?? segment.baseOffset)) return;
    return location.logger.warn(
      'a sealed segment ends before a record that its time index tells of: its last records are gone',
      {
        path: segment.path('log'),
        position,
        offset: String(nextOffset ?? segment.baseOffset),
        next: String(nextBase),
      },
    );
  }
  throw new BrokerError(
    'DATA_DIR_CORRUPT',
    `${segment.path('log')} ends at offset ${nextOffset}, yet the next segment begins at ${nextBase}: ` +
      'restore the segment between them from a copy, or move the later segments away to end the log here.',
  );
}

/** Cleaning alone may leave a sealed segment without a record; its indexes have no entry then. */
function emptied(segment: Segment, nextBase: bigint): BrokerError {
  return new BrokerError(
    'DATA_DIR_CORRUPT',
    `${segment.path('log')} is empty, yet its records reached up to offset ${nextBase}, where the next segment begins: ` +
      'restore the file from a copy, or move it and the later segments away to end the log here.',
  );
}

/** The last segment after a clean stop. */
async function resumeLast(
  location: LogLocation,
  segment: Segment,
  sizeBytes: number,
  leaderEpochs: LeaderEpochs,
): Promise<void> {
  const found = readIndexes(location.disk, segment);
  let end: number | null = null;
  let fault: IndexFault = { path: segment.path('index'), fault: 'it does not fit to the log file' };
  if ('fault' in found) fault = found;
  else end = await segment.resume(found.offsets, found.times, sizeBytes);
  end ??= await rebuildIndexes(location, segment, fault, leaderEpochs);
  if (end !== sizeBytes) throw damagedBelow(location, segment, end);
  segment.readableBytes = segment.sizeBytes;
}

/** Reads the segment to index it anew; its records stay as they are, the bad ones for readers to be told of. */
async function rebuildIndexes(
  location: LogLocation,
  segment: Segment,
  fault: IndexFault,
  leaderEpochs: LeaderEpochs,
): Promise<number> {
  location.logger.warn('an index is missing or damaged and is rebuilt from the log', { ...fault });
  const end = await segment.rebuild(location.indexIntervalBytes, ({ leaderEpoch, baseOffset }) => {
    location.slice.assertWanted();
    leaderEpochs.found(leaderEpoch, baseOffset);
    return true;
  });
  segment.readableBytes = segment.sizeBytes;
  return end;
}

/**
 * Checks a segment that may not have been synced and keeps its intact batches; returns whether all of it was intact. A bad batch below
 * the recovery point is kept for its readers to be told; the log is not cut there, for what follows was acknowledged.
 */
async function recover(
  location: LogLocation,
  segment: Segment,
  laterBases: readonly bigint[],
  leaderEpochs: LeaderEpochs,
): Promise<boolean> {
  const { recoveryPoint, logger, slice } = location;
  const end = await segment.rebuild(location.indexIntervalBytes, (batch, position) => {
    slice.assertWanted();
    if (batch.isIntact()) {
      leaderEpochs.found(batch.leaderEpoch, batch.baseOffset);
      return true;
    }
    if (batch.lastOffset >= recoveryPoint) return false;
    logger.error('a batch that was synced is damaged: it is kept, and its readers will see it fail', {
      path: segment.path('log'),
      position,
      offset: String(batch.baseOffset),
    });
    return true;
  });
  const size = segment.file.size();
  if (end < size && segment.nextOffset < recoveryPoint) throw damagedBelow(location, segment, end);
  if (end < size) {
    logger.warn('the log is cut at its first torn batch', {
      path: segment.path('log'),
      position: end,
      cutBytes: size - end,
      offset: String(segment.nextOffset),
      laterSegments: laterBases.length,
    });
    // The later ones first: a crash between the two must not leave them behind a gap.
    removeSegments(location, laterBases);
    segment.file.truncateSync(end);
    segment.lastWriteMs = segment.file.stat().modifiedMs;
  }
  // What a crash left in the page cache is served from now on: another crash must not lose it.
  await segment.file.sync();
  segment.readableBytes = segment.sizeBytes;
  return end === size;
}

/** A roll that was taken back, and a crash that took back its removal: an empty segment that does not begin where the log ends. */
function isUndoneRoll(
  { disk, directory, mayHaveGaps }: LogLocation,
  segment: Segment,
  laterBases: readonly bigint[],
): boolean {
  const [next] = laterBases;
  if (next === undefined || next === segment.nextOffset) return false;
  if (next > segment.nextOffset && mayHaveGaps) return false;
  return laterBases.every((base) => disk.statSync(join(directory, segmentFile(base, 'log'))).size === 0);
}

/** Appends with acks=1 go on in the next segment while this one is synced. What stands there is kept, as Kafka's LogLoader keeps it. */
function isGap({ mayHaveGaps, logger }: LogLocation, segment: Segment, next: bigint | undefined): boolean {
  if (mayHaveGaps || next === undefined || next <= segment.nextOffset) return false;
  logger.warn('records between two segments are gone: they were not synced', {
    path: segment.path('log'),
    offset: String(segment.nextOffset),
    next: String(next),
  });
  return true;
}

function damagedBelow({ recoveryPoint }: LogLocation, segment: Segment, position: number): BrokerError {
  return new BrokerError(
    'DATA_DIR_CORRUPT',
    `${segment.path('log')} is damaged at byte ${position}, behind offset ${segment.nextOffset}, and was synced up to ` +
      `offset ${recoveryPoint}: restore the file from a copy, or cut it at that byte and take the line of this partition ` +
      'out of recovery-point-offset-checkpoint to go on without the rest.',
  );
}

/** What lies behind the cut was never acknowledged as synced. */
function removeSegments({ disk, directory }: LogLocation, bases: readonly bigint[]): void {
  for (const base of bases) {
    for (const kind of segmentFileKinds) {
      const path = join(directory, segmentFile(base, kind));
      if (disk.existsSync(path)) disk.removeFileSync(path);
    }
  }
  disk.syncDirectorySync(directory);
}
