import { encodeBatch, iterateBatches, iterateRecords, type EncodableRecord } from '@oubliette/protocol';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { silentLogger } from '../../src/logger.js';
import { openLogManager, type LogManagerOptions } from '../../src/log/log-manager.js';
import type { LogConfig, LogManager, PartitionLog } from '../../src/log/partition-log.js';

export const directory = '/data';
export const startMs = 1_700_000_000_000;

export function config(overrides: Partial<LogConfig> = {}): LogConfig {
  return {
    cleanupPolicy: new Set(['delete'] as const),
    segmentBytes: 1_048_576,
    segmentMs: 604_800_000,
    segmentJitterMs: 0,
    flushMessages: Number.MAX_SAFE_INTEGER,
    flushMs: Number.MAX_SAFE_INTEGER,
    segmentIndexBytes: 10_485_760,
    indexIntervalBytes: 4_096,
    retentionMs: 604_800_000,
    retentionBytes: -1,
    maxMessageBytes: 1_048_588,
    deleteRetentionMs: 86_400_000,
    minCompactionLagMs: 0,
    maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
    minCleanableDirtyRatio: 0.5,
    fileDeleteDelayMs: 60_000,
    messageTimestampType: 'CreateTime',
    messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    messageTimestampAfterMaxMs: 3_600_000,
    compressionType: 'producer',
    compressionGzipLevel: -1,
    compressionLz4Level: 9,
    compressionZstdLevel: 3,
    ...overrides,
  };
}

export interface World {
  disk: SimulatedDisk;
  clock: ManualClock;
  logs: LogManager;
  config: LogConfig;
}

export function options(
  world: Pick<World, 'disk' | 'clock' | 'config'>,
  more: Partial<LogManagerOptions> = {},
): LogManagerOptions {
  return {
    disk: world.disk,
    clock: world.clock,
    entropy: new SeededEntropy(1),
    logger: silentLogger,
    directory,
    configOf: () => world.config,
    retentionCheckIntervalMs: 1_000,
    initialTaskDelayMs: 1_000,
    directoryDeleteDelayMs: () => world.config.fileDeleteDelayMs,
    cleanerBackoffMs: 500,
    ...more,
  };
}

export async function open(
  overrides: Partial<LogConfig> = {},
  more: Partial<LogManagerOptions> = {},
): Promise<World> {
  const base = { disk: new SimulatedDisk(), clock: new ManualClock(startMs), config: config(overrides) };
  return { ...base, logs: await openLogManager(options(base, more)) };
}

/** Another process finds the same data directory. */
export async function reopen(
  world: World,
  disk: SimulatedDisk = world.disk,
  more: Partial<LogManagerOptions> = {},
): Promise<World> {
  const base = { disk, clock: new ManualClock(world.clock.now()), config: world.config };
  return { ...base, logs: await openLogManager(options(base, more)) };
}

export function newLog(world: World, topic = 'events', partition = 0): PartitionLog {
  return world.logs.create(topic, partition, world.config);
}

export type Pair = readonly [key: string | null, value: string | null];

const encoder = new TextEncoder();
export const bytes = (text: string | null): Uint8Array | null =>
  text === null ? null : encoder.encode(text);
export const text = (content: Uint8Array | null): string | null =>
  content === null ? null : Buffer.from(content).toString();

export function records(pairs: readonly Pair[], timestamp: number): EncodableRecord[] {
  return pairs.map(([key, value]) => ({
    timestamp: BigInt(timestamp),
    key: bytes(key),
    value: bytes(value),
  }));
}

export function batch(
  pairs: readonly Pair[],
  timestamp = startMs,
  more: Partial<Parameters<typeof encodeBatch>[0]> = {},
): Uint8Array {
  return encodeBatch({ records: records(pairs, timestamp), ...more });
}

/** Appends a record that is synced when this resolves; its timestamp is `ahead` ms ahead of the clock. */
export async function put(
  world: World,
  log: PartitionLog,
  key: string,
  value: string | null,
  ahead = 0,
): Promise<void> {
  const result = await log.append(batch([[key, value]], world.clock.now() + ahead), { durable: true });
  await result.durable;
}

export interface Row {
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: string | null;
}

export function rowsOf(content: Uint8Array): Row[] {
  return [...iterateBatches(content)].flatMap((found) =>
    [...iterateRecords(found)].map(({ offset, key, value }) => ({
      offset,
      key: text(key),
      value: text(value),
    })),
  );
}

/** Everything a consumer would see, read in steps of `maxBytes`. */
export async function readAll(log: PartitionLog, maxBytes = 300): Promise<Row[]> {
  const rows: Row[] = [];
  let offset = log.logStartOffset;
  while (offset < log.highWatermark) {
    const { records: content } = await log.read(offset, maxBytes, {
      minOneBatch: true,
      isolation: 'uncommitted',
    });
    const last = [...iterateBatches(content)].at(-1);
    if (last === undefined) break;
    rows.push(...rowsOf(content).filter((row) => row.offset >= offset));
    offset = last.nextOffset;
  }
  return rows;
}

/** Names of the files in a log's directory, sorted. */
export function files(world: World, log = 'events-0'): string[] {
  return world.disk
    .listSync(`${directory}/${log}`)
    .map((entry) => entry.name)
    .sort();
}

/** Whether any file of the data directory holds these bytes, whatever its name. */
export function isOnDisk(world: World, needle: string, at = directory): boolean {
  return world.disk.listSync(at).some(({ name, kind }) => {
    const path = `${at}/${name}`;
    if (kind === 'directory') return isOnDisk(world, needle, path);
    return Buffer.from(world.disk.readFileSync(path)).includes(needle);
  });
}

/** Whether a `.log` file that is in use holds these bytes. */
export function isInLog(world: World, needle: string, log = 'events-0'): boolean {
  return files(world, log)
    .filter((name) => name.endsWith('.log'))
    .some((name) => Buffer.from(world.disk.readFileSync(`${directory}/${log}/${name}`)).includes(needle));
}
