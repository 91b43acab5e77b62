import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iterateBatches, KafkaError } from '@oubliette/protocol';
import { ManualClock, SimulatedDisk } from '@oubliette/runtime/testing';
import type { DiskPartitionLog } from '../../src/log/disk-partition-log.js';
import { openLogManager } from '../../src/log/log-manager.js';
import {
  batch,
  config,
  newLog,
  open,
  options,
  put,
  readAll,
  reopen,
  startMs,
  type World,
} from './fixture.js';

const firstSegment = '/data/events-0/00000000000000000000.log';
const value = 'v'.repeat(60);

/** A log whose first segment cannot be synced before `release`. */
async function held(): Promise<{ world: World; log: DiskPartitionLog; release: () => void }> {
  const disk = new SimulatedDisk();
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const openSync = disk.openSync.bind(disk);
  disk.openSync = (path, mode, permissions) => {
    const file = openSync(path, mode, permissions);
    const sync = file.sync.bind(file);
    if (path === firstSegment) file.sync = () => gate.then(sync);
    return file;
  };
  const base = {
    disk,
    clock: new ManualClock(startMs),
    config: config({ segmentBytes: 400, retentionMs: -1 }),
  };
  const world = { ...base, logs: await openLogManager(options(base)) };
  const log = newLog(world) as DiskPartitionLog;
  return { world, log, release };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function fill(log: DiskPartitionLog, records: number): Promise<void> {
  for (let index = 0; index < records; index++)
    await log.append(batch([[`k${index}`, value]]), { durable: false });
}

test('who does not wait for a sync does not wait for that of a sealed segment either', async () => {
  const { world, log, release } = await held();
  await fill(log, 12);
  assert.ok(log.segments.all.length > 2);
  assert.deepEqual([log.highWatermark, (await readAll(log)).length], [12n, 12]);
  release();
  await world.logs.close();
});

test('who waits for a sync waits for the segments before too, and the recovery point with them', async () => {
  const { world, log, release } = await held();
  await fill(log, 5);
  let isSynced = false;
  const { durable } = await log.append(batch([['durable', value]]), { durable: true });
  void durable.then(() => (isSynced = true));
  const behind = log.append(batch([['behind', value]]), { durable: true });
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.deepEqual([isSynced, log.highWatermark, log.recoveryPoint], [false, 6n, 0n]);
  release();
  await Promise.all([durable, (await behind).durable]);
  await log.settle();
  assert.deepEqual([log.highWatermark, log.recoveryPoint], [7n, 7n]);
  await world.logs.close();
});

test('a sealed segment that cannot be synced ends the log: nobody hears that his records are safe', async () => {
  const { world, log, release } = await held();
  await fill(log, 5);
  world.disk.fail({ operation: 'sync', code: 'EIO', path: (path) => path === firstSegment });
  const { durable } = await log.append(batch([['durable', value]]), { durable: true });
  const refused = assert.rejects(
    durable,
    (error) => error instanceof KafkaError && error.codeName === 'KAFKA_STORAGE_ERROR',
  );
  release();
  await refused;
  await assert.rejects(log.append(batch([['more', value]]), { durable: false }), /KAFKA_STORAGE_ERROR/);
  assert.deepEqual([log.highWatermark, log.recoveryPoint], [5n, 0n]);
});

test('so does one that nobody waits for', async () => {
  const { world, log, release } = await held();
  world.disk.fail({ operation: 'sync', code: 'EIO', path: (path) => path === firstSegment });
  await fill(log, 5);
  release();
  await log.settle();
  await assert.rejects(log.append(batch([['more', value]]), { durable: false }), /KAFKA_STORAGE_ERROR/);
});

test('what a power cut left behind a segment that lost its last batches is kept, told once, and no reason to refuse a later start', async () => {
  const world = await open({ segmentBytes: 400, retentionMs: -1 });
  const log = newLog(world);
  for (let index = 0; index < 12; index++) await put(world, log, `k${index}`, value);
  const disk = world.disk.crash(1);
  const whole = disk.readFileSync(firstSegment);
  const [first] = [...iterateBatches(whole)];
  disk.replaceFileSync(firstSegment, whole.subarray(0, first?.sizeBytes));
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const logger = { info: () => undefined, warn: note, error: note };
  const offsets = async (found: World): Promise<bigint[]> => {
    const again = found.logs.get('events', 0);
    return again === undefined ? [] : (await readAll(again)).map(({ offset }) => offset);
  };
  const next = await reopen(world, disk, { logger });
  assert.deepEqual(lines, ['records between two segments are gone: they were not synced']);
  assert.deepEqual(await offsets(next), [0n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n]);
  await next.logs.close();
  const later = await reopen(next, disk, { logger });
  assert.equal((await offsets(later)).length, 10);
  assert.equal(lines.length, 1);
  await later.logs.close();
});
