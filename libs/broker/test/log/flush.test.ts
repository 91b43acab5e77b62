import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskPartitionLog } from '../../src/log/disk-partition-log.js';
import { batch, newLog, open, readAll, reopen, type World } from './fixture.js';

/** How many of five records, appended with acks=1, stand after a power cut, for each of some seeds. */
async function survivors(flushMessages: number): Promise<number[]> {
  const counts: number[] = [];
  for (let seed = 1; seed <= 20; seed++) {
    const world = await open({ flushMessages });
    const log = newLog(world);
    for (let index = 0; index < 5; index++) await log.append(batch([[`k${index}`, 'v']]), { durable: false });
    const after = await reopen(world, world.disk.crash(seed));
    const found = after.logs.get('events', 0);
    counts.push(found === undefined ? 0 : (await readAll(found)).length);
    await after.logs.close();
  }
  return counts;
}

test('flush.messages: after so many records the log is synced before the producer is answered, whatever its acks', async () => {
  assert.ok(Math.min(...(await survivors(1))) === 5);
  assert.ok(Math.min(...(await survivors(2))) >= 4);
  assert.ok(
    Math.min(...(await survivors(Number.MAX_SAFE_INTEGER))) < 4,
    'the power cut loses nothing at all',
  );
});

/** Records appended with acks=1 that stand after a power cut, whatever the cut takes: the fewest of some seeds. */
async function certain(prepare: (world: World) => Promise<void>, flushMs: number, checkMs: number) {
  let fewest = Infinity;
  for (let seed = 1; seed <= 20; seed++) {
    const world = await open({ flushMs }, { initialTaskDelayMs: 30_000, flushCheckIntervalMs: checkMs });
    const log = newLog(world);
    for (let index = 0; index < 3; index++) await log.append(batch([[`k${index}`, 'v']]), { durable: false });
    await prepare(world);
    const after = await reopen(world, world.disk.crash(seed));
    const found = after.logs.get('events', 0);
    fewest = Math.min(fewest, found === undefined ? 0 : (await readAll(found)).length);
    await after.logs.close();
  }
  return fewest;
}

test('flush.ms: the flusher syncs what was not synced for so long, first after the initial delay, then at its interval', async () => {
  const after = (ms: number) => (world: World) => world.clock.advanceAsync(ms);
  assert.ok((await certain(after(29_999), 1_000, 5_000)) < 3, 'before its first look');
  assert.equal(await certain(after(30_000), 1_000, 5_000), 3, 'at its first look');
  assert.ok((await certain(after(30_000), 32_000, 5_000)) < 3, 'too young at the first look');
  assert.equal(await certain(after(35_000), 32_000, 5_000), 3, 'old enough at the second');
  assert.ok((await certain(after(60_000), 32_000, Infinity)) < 3, 'there is no second look');
});

test('flush.ms counts from the last sync, whoever asked for it, and moves the recovery point', async () => {
  const world = await open({ flushMs: 32_000 }, { initialTaskDelayMs: 30_000, flushCheckIntervalMs: 5_000 });
  const log = newLog(world) as DiskPartitionLog;
  await world.clock.advanceAsync(10_000);
  await (
    await log.append(batch([['a', 'v']]), { durable: true })
  ).durable;
  await log.append(batch([['b', 'v']]), { durable: false });
  await world.clock.advanceAsync(30_000);
  assert.equal(log.recoveryPoint, 1n);
  await world.clock.advanceAsync(5_000);
  assert.equal(log.recoveryPoint, 2n);
  await world.logs.close();
});
