import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskFile } from '@oubliette/runtime';
import type { SimulatedDisk } from '@oubliette/runtime/testing';
import { batch, directory, files, newLog, open, readAll, reopen, startMs, type World } from './fixture.js';

const noTimestamp = -1;
const dayMs = 86_400_000;

async function appended(world: World, count: number, timestamp = startMs): Promise<void> {
  const log = world.logs.get('events', 0) ?? newLog(world);
  for (let index = 0; index < count; index++) {
    await log.append(batch([[`key ${index}`, 'x'.repeat(300)]], timestamp), { durable: false });
  }
}

/** Stops, lets `meanwhile` pass, and starts again. */
async function restart(world: World, meanwhile = 0): Promise<World> {
  await world.logs.close();
  world.clock.advance(meanwhile);
  return reopen(world);
}

/** Counts what is written and synced from now on, by file name. */
function watch(disk: SimulatedDisk): string[] {
  const seen: string[] = [];
  const openSync = disk.openSync.bind(disk);
  disk.openSync = (path, mode, permissions) => {
    const file = openSync(path, mode, permissions);
    const note = (what: string): number => seen.push(`${what} ${path.slice(directory.length + 1)}`);
    const told = <K extends 'write' | 'writeSync' | 'sync' | 'syncSync' | 'truncateSync'>(name: K): void => {
      const call = file[name].bind(file) as (...args: unknown[]) => unknown;
      file[name] = ((...args: unknown[]) => (note(name), call(...args))) as DiskFile[K];
    };
    for (const name of ['write', 'writeSync', 'sync', 'syncSync', 'truncateSync'] as const) told(name);
    return file;
  };
  return seen;
}

test('a stop writes and syncs nothing of a log that did not change since the start', async () => {
  const first = await open();
  await appended(first, 30);
  const world = await restart(first);
  const seen = watch(world.disk);
  await world.logs.close();
  assert.deepEqual(
    seen.filter((line) => line.includes('events-0/')),
    [],
  );
  const before = seen.length;
  const next = await reopen(world);
  await appended(next, 1);
  await next.logs.close();
  for (const name of ['.index', '.timeindex', '.log', '.snapshot']) {
    assert.ok(
      seen.slice(before).some((line) => line.startsWith('sync') && line.endsWith(name)),
      `${name} was not synced`,
    );
  }
});

test('a stop after a retry that wrote nothing, and after a write that was taken back, leaves all as it was', async () => {
  const world = await open();
  await appended(world, 3);
  world.disk.fail({ operation: 'write', code: 'ENOSPC', stored: 0.5, path: (path) => path.endsWith('.log') });
  await assert.rejects(appended(world, 1));
  const next = await restart(world);
  const log = next.logs.get('events', 0);
  assert.equal(log?.logEndOffset, 3n);
  const rows = log === undefined ? [] : await readAll(log);
  assert.equal(rows.length, 3);
});

test('records without a timestamp are as old as their segment file, over stops and starts (LogSegment.largestTimestamp)', async () => {
  const kept = { retentionMs: dayMs, segmentBytes: 1_000, messageTimestampBeforeMaxMs: Infinity };
  let world = await open(kept);
  await appended(world, 12, noTimestamp);
  const segments = files(world).filter((name) => name.endsWith('.log')).length;
  assert.ok(segments > 2);
  world = await restart(world, dayMs / 2);
  world = await restart(world, dayMs / 2 - 60_000);
  await world.clock.advanceAsync(2_000);
  assert.equal(world.logs.get('events', 0)?.logStartOffset, 0n);
  await world.clock.advanceAsync(62_000);
  assert.equal(world.logs.get('events', 0)?.logStartOffset, 12n, 'the age counts from the last write');
});

test('what rolls by the clock counts from the start anew, as with Kafka, which does not know when a segment was made', async () => {
  let world = await open({ segmentMs: dayMs });
  await appended(world, 1, noTimestamp);
  world = await restart(world, dayMs + 1);
  await appended(world, 1, noTimestamp);
  assert.equal(files(world).filter((name) => name.endsWith('.log')).length, 1);
  world.clock.advance(dayMs + 1);
  await appended(world, 1, noTimestamp);
  assert.equal(files(world).filter((name) => name.endsWith('.log')).length, 2);
});

test('cleaning keeps the age of a segment whose records have no timestamp, also over a start', async () => {
  const compact = {
    cleanupPolicy: new Set(['compact', 'delete'] as const),
    segmentBytes: 1_000,
    retentionMs: dayMs,
    minCleanableDirtyRatio: 0.01,
    messageTimestampBeforeMaxMs: Infinity,
  };
  let world = await open(compact);
  await appended(world, 6, noTimestamp);
  world.clock.advance(dayMs / 2);
  await appended(world, 6, noTimestamp);
  await world.clock.advanceAsync(5_000);
  const log = world.logs.get('events', 0);
  assert.ok(log !== undefined && (await readAll(log)).length < 12, 'nothing was cleaned');
  const modified = (at: World): number => {
    const [name] = files(at).filter((file) => file.endsWith('.log'));
    const file = at.disk.openSync(`${directory}/events-0/${name}`, 'read');
    const { modifiedMs } = file.stat();
    file.closeSync();
    return modifiedMs;
  };
  assert.ok([startMs, startMs + dayMs / 2].includes(modified(world)), `${modified(world)}`);
  const before = modified(world);
  world = await restart(world, 1_000);
  assert.equal(modified(world), before);
});
