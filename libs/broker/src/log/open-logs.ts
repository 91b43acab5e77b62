import { join } from 'node:path/posix';
import {
  assertLogsThere,
  assertTopicId,
  listLogs,
  type FoundLog,
  type LogDirectories,
} from './data-directory.js';
import { cleanShutdownFile, logDirectory } from './file-names.js';
import { partitionKey } from './checkpoint-file.js';
import { inLanes } from './lanes.js';
import { loadLog, type LoadedLog } from './load-log.js';
import type { KnownOffsets, LogCheckpoints } from './log-checkpoints.js';
import { managerDefaults, type LogManagerOptions } from './log-manager-options.js';
import type { LogConfig } from './partition-log.js';
import { TimeSlice } from './time-slice.js';

export interface OpenedLog extends FoundLog {
  readonly config: LogConfig;
  readonly found: LoadedLog;
}

/** What stands in a data directory beside the logs that were opened. */
export interface NotOpened {
  /** Logs of topics that nobody knows. */
  readonly unknown: readonly FoundLog[];
  readonly deleted: LogDirectories['deleted'];
  readonly strays: LogDirectories['strays'];
}

/**
 * Opens every log of a data directory that is of a known topic and hands each to `add` as soon as it is open. Throws BrokerError
 * DATA_DIR_CORRUPT, STOPPED; DiskError.
 */
export async function openLogs(
  options: LogManagerOptions,
  checkpoints: LogCheckpoints,
  add: (log: OpenedLog) => void,
): Promise<NotOpened> {
  const { disk, clock, directory, topicIdOf, signal, recoveryThreads } = options;
  const slice = new TimeSlice(clock, signal);
  const closedCleanly = takeCleanMark(options);
  const known = checkpoints.read();
  const { logs: found, deleted, strays } = await listLogs(disk, directory, slice);
  const isUnknown = ({ topic }: FoundLog): boolean =>
    topicIdOf !== undefined && topicIdOf(topic) === undefined && options.isDeleting?.(topic) !== true;
  const logs = found.filter((log) => !isUnknown(log));
  if (topicIdOf !== undefined) assertLogsThere(directory, logs, known.recoveryPoints, topicIdOf);
  const configOf = once(options.configOf);
  const producerExpirationMs = options.producerExpirationMs?.() ?? managerDefaults.producerExpirationMs;
  const shared = { ...known, closedCleanly, producerExpirationMs };
  await inLanes(recoveryThreads ?? managerDefaults.recoveryThreads, logs, async (log) => {
    const config = configOf(log.topic);
    add({ ...log, config, found: await openOne(log, config, options, slice, shared) });
  });
  return { unknown: found.filter(isUnknown), deleted, strays };
}

/** Whether the last owner closed everything; its mark counts for one start. */
function takeCleanMark({ disk, directory }: LogManagerOptions): boolean {
  const marker = join(directory, cleanShutdownFile);
  if (!disk.existsSync(marker)) return false;
  disk.removeFileSync(marker);
  disk.syncDirectorySync(directory);
  return true;
}

async function openOne(
  { topic, partition }: FoundLog,
  config: LogConfig,
  options: LogManagerOptions,
  slice: TimeSlice,
  known: KnownOffsets & { readonly closedCleanly: boolean; readonly producerExpirationMs: number },
): Promise<LoadedLog> {
  const { disk, clock, logger, topicIdOf } = options;
  const directory = join(options.directory, logDirectory(topic, partition));
  const key = partitionKey(topic, partition);
  const id = topicIdOf?.(topic);
  if (id !== undefined) assertTopicId(disk, directory, id);
  return loadLog({
    disk,
    clock,
    logger,
    slice,
    directory,
    indexIntervalBytes: config.indexIntervalBytes,
    producerExpirationMs: known.producerExpirationMs,
    logStartOffset: known.logStarts.get(key) ?? 0n,
    recoveryPoint: known.recoveryPoints.get(key) ?? 0n,
    closedCleanly: known.closedCleanly,
    mayHaveGaps: config.cleanupPolicy.has('compact') || known.cleaned?.has(key) !== false,
  });
}

/** Partitions of one topic share their settings: they are made once. */
function once(configOf: (topic: string) => LogConfig): (topic: string) => LogConfig {
  const made = new Map<string, LogConfig>();
  return (topic) => {
    const config = made.get(topic) ?? configOf(topic);
    made.set(topic, config);
    return config;
  };
}
