import { Buffer } from 'node:buffer';
import { dirname, join } from 'node:path/posix';
import { DiskError, type Disk } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import {
  isDeletedDirectory,
  isStrayDirectory,
  lockFile,
  logDirectory,
  parseLogDirectory,
  partitionMetadataFile,
} from './file-names.js';
import type { TimeSlice } from './time-slice.js';
import { readIfThere, writeSmallFile } from './whole-file.js';

/** A log's directory. */
export interface FoundLog {
  readonly topic: string;
  readonly partition: number;
}

/** Makes the directory where it is missing and takes its lock. Throws BrokerError DATA_DIR_LOCKED, DATA_DIR_NOT_WRITABLE. */
export function lockDirectory(disk: Disk, directory: string): () => void {
  try {
    disk.makeDirectorySync(directory);
    disk.syncDirectorySync(dirname(directory));
    return disk.lockSync(join(directory, lockFile));
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    if (error.code === 'ELOCKED') {
      throw new BrokerError('DATA_DIR_LOCKED', `Another broker uses ${directory}. ${error.message}`, {
        cause: error,
      });
    }
    // EEXIST: it is one itself; ENOTDIR: what is above it.
    const isFile = ['EEXIST', 'ENOTDIR'].includes(error.code);
    const why = isFile ? 'it is, or stands in, a file. Name a directory.' : error.message;
    throw new BrokerError('DATA_DIR_NOT_WRITABLE', `The data directory ${directory} cannot be used: ${why}`, {
      cause: error,
    });
  }
}

export interface LogDirectories {
  readonly logs: readonly FoundLog[];
  /** Paths of deleted logs that wait to be removed. */
  readonly deleted: readonly string[];
  /** Paths of logs that an earlier start put aside: they are of no topic. */
  readonly strays: readonly string[];
}

/** What a data directory holds. */
export async function listLogs(disk: Disk, directory: string, slice: TimeSlice): Promise<LogDirectories> {
  const logs: FoundLog[] = [];
  const deleted: string[] = [];
  const strays: string[] = [];
  for (const { name, kind } of disk.listSync(directory)) {
    if (kind !== 'directory') continue;
    await slice.rest();
    if (isDeletedDirectory(name)) deleted.push(join(directory, name));
    else if (isStrayDirectory(name)) strays.push(join(directory, name));
    else {
      const found = parseLogDirectory(name);
      if (found !== null) logs.push(found);
    }
  }
  return { logs, deleted, strays };
}

/**
 * A log with synced records whose directory is gone must not be replaced by an empty one. `recoveryPoints` by directory name. Throws
 * BrokerError DATA_DIR_CORRUPT.
 */
export function assertLogsThere(
  directory: string,
  logs: readonly FoundLog[],
  recoveryPoints: ReadonlyMap<string, bigint>,
  topicIdOf: (topic: string) => string | undefined,
): void {
  const there = new Set(logs.map(({ topic, partition }) => logDirectory(topic, partition)));
  for (const [name, recoveryPoint] of recoveryPoints) {
    const topic = parseLogDirectory(name)?.topic;
    if (there.has(name) || recoveryPoint === 0n || topic === undefined || topicIdOf(topic) === undefined)
      continue;
    throw new BrokerError(
      'DATA_DIR_CORRUPT',
      `${join(directory, name)} is missing, yet records up to offset ${recoveryPoint} were synced in it: restore it from a ` +
        'copy, or take its line out of recovery-point-offset-checkpoint to begin with an empty log.',
    );
  }
}

/** Says which topic a new log belongs to, in Kafka's PartitionMetadataFile. Not synced: a start writes it anew where it is torn. */
export function writeTopicId(disk: Disk, logPath: string, topicId: string): void {
  writeSmallFile(disk, join(logPath, partitionMetadataFile), topicIdText(topicId));
}

function topicIdText(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`;
}

/**
 * A log that another topic of this name left, or that came from another cluster, is not this topic's. Throws BrokerError
 * DATA_DIR_CORRUPT.
 */
export function assertTopicId(disk: Disk, logPath: string, topicId: string): void {
  const path = join(logPath, partitionMetadataFile);
  const content = readIfThere(disk, path);
  // A crash may have come before all of it was written; Kafka adds it then, too.
  if (content === null) return writeTopicId(disk, logPath, topicId);
  const text = Buffer.from(content).toString('utf8').replace(/\0+$/, '');
  const expected = topicIdText(topicId);
  if (text !== expected && expected.startsWith(text)) return writeTopicId(disk, logPath, topicId);
  const found = /^topic_id: (\S+)$/m.exec(text)?.[1];
  if (found === topicId) return;
  throw new BrokerError(
    'DATA_DIR_CORRUPT',
    `${path} ${found === undefined ? 'names no topic id' : `belongs to topic id ${found}`}, not to ${topicId} that cluster.json ` +
      'knows: move this directory away, or restore the cluster.json that belongs to it.',
  );
}
