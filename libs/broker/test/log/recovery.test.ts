import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch, directory, files, newLog, open, put, readAll, reopen, startMs } from './fixture.js';

const at = (name: string): string => `${directory}/events-0/${name}`;
const firstLog = at('00000000000000000000.log');

test('a torn tail is cut off the file, and later segments go with it', async () => {
  const world = await open({ segmentBytes: 300 });
  const log = newLog(world);
  for (let index = 0; index < 6; index++) {
    await (
      await log.append(batch([[`k${index}`, 'x'.repeat(60)]]), { durable: true })
    ).durable;
  }
  assert.ok(files(world).filter((name) => name.endsWith('.log')).length > 2);
  const size = world.disk.statSync(firstLog).size;
  const file = world.disk.openSync(firstLog, 'write');
  file.writeSync([new Uint8Array([255])], size - 3);
  file.syncSync();
  const next = await reopen(world, world.disk.crash(1));
  const again = next.logs.get('events', 0);
  assert.ok(again);
  assert.deepEqual(
    files(next).filter((name) => name.endsWith('.log')),
    ['00000000000000000000.log'],
  );
  assert.equal(next.disk.statSync(firstLog).size, again.sizeBytes);
  assert.ok(again.sizeBytes < size);
  assert.deepEqual(
    (await readAll(again)).map((row) => row.key),
    ['k0'],
  );
  assert.equal(again.logEndOffset, 1n);
});

test('missing and damaged indexes are made anew from the log', async () => {
  const world = await open({ segmentBytes: 2_000, indexIntervalBytes: 100 });
  const log = newLog(world);
  for (let index = 0; index < 40; index++)
    await log.append(batch([[`k${index}`, 'x'.repeat(60)]]), { durable: false });
  await world.logs.close();
  const index = at('00000000000000000000.index');
  const times = at('00000000000000000000.timeindex');
  const good = Buffer.from(world.disk.readFileSync(index));
  assert.ok(good.length >= 16);
  world.disk.removeFileSync(times);
  world.disk.replaceFileSync(index, new Uint8Array(good.length));
  const next = await reopen(world);
  assert.deepEqual(Buffer.from(next.disk.readFileSync(index)), good);
  const again = next.logs.get('events', 0);
  assert.ok(again);
  assert.equal((await readAll(again)).length, 40);
});

test('the log start that a client moved, and the one that retention moved, survive', async () => {
  const world = await open({ segmentBytes: 300 });
  const log = newLog(world);
  for (let index = 0; index < 6; index++)
    await log.append(batch([[`k${index}`, 'x'.repeat(60)]]), { durable: false });
  assert.equal(log.deleteRecordsBefore(3n), 3n);
  assert.equal(log.deleteRecordsBefore(2n), 3n);
  await world.clock.advanceAsync(1_000);
  assert.ok(!files(world).includes('00000000000000000000.log'), 'a segment behind the log start stays');
  await world.logs.close();
  const again = (await reopen(world)).logs.get('events', 0);
  assert.equal(again?.logStartOffset, 3n);
  assert.deepEqual(again && (await readAll(again)).map((row) => row.offset), [3n, 4n, 5n]);
});

test('the log start that a client moved outlives a crash once log.flush.start.offset.checkpoint.interval.ms has passed, as on Kafka', async () => {
  const more = { initialTaskDelayMs: 0, logStartCheckpointIntervalMs: 5_000, checkpointIntervalMs: 1_000 };
  for (const [waitMs, start] of [
    [4_000, 0n],
    [6_000, 3n],
  ] as const) {
    const world = await open({}, more);
    const log = newLog(world);
    for (let index = 0; index < 6; index++) await put(world, log, `k${index}`, 'v');
    await world.clock.advanceAsync(1);
    assert.equal(log.deleteRecordsBefore(3n), 3n);
    await world.clock.advanceAsync(waitMs);
    const again = (await reopen(world, world.disk.crash(1))).logs.get('events', 0);
    assert.equal(again?.logStartOffset, start);
    assert.equal(again.logEndOffset, 6n);
  }
});

test('what was marked as deleted is gone after a start, whatever stopped the last one', async () => {
  const world = await open({ retentionMs: 1_000, fileDeleteDelayMs: 60_000 });
  const log = newLog(world);
  await (
    await log.append(batch([['a', 'SECRET']]), { durable: true })
  ).durable;
  newLog(world, 'gone');
  await world.clock.advanceAsync(3_000);
  await world.logs.remove('gone', [0]);
  assert.ok(files(world).some((name) => name.endsWith('.deleted')));
  const next = await reopen(world, world.disk.crash(5));
  assert.ok(files(next).every((name) => !name.endsWith('.deleted')));
  const left = (): string[] =>
    next.disk
      .listSync(directory)
      .map(({ name }) => name)
      .filter((name) => name.startsWith('gone'));
  // As with Kafka, log.segment.delete.delay.ms counts from the start anew.
  await next.clock.advanceAsync(59_000);
  assert.equal(left().length, 1);
  assert.match(left()[0] ?? '', /-delete$/);
  await next.clock.advanceAsync(2_000);
  assert.deepEqual(left(), []);
});

test('a deleted log is not removed before log.initial.task.delay.ms have passed since the start', async () => {
  const world = await open({}, { initialTaskDelayMs: 30_000, directoryDeleteDelayMs: () => 500 });
  const gone = (): boolean => world.disk.listSync(directory).every(({ name }) => !name.startsWith('events'));
  newLog(world);
  await world.logs.remove('events', [0]);
  await world.clock.advanceAsync(29_999);
  assert.equal(gone(), false);
  await world.clock.advanceAsync(2);
  assert.equal(gone(), true);
  newLog(world);
  await world.logs.remove('events', [0]);
  await world.clock.advanceAsync(501);
  assert.equal(gone(), true);
});

test('retention has its first run after log.initial.task.delay.ms', async () => {
  const world = await open(
    { retentionMs: 1_000 },
    { initialTaskDelayMs: 30_000, retentionCheckIntervalMs: 300_000 },
  );
  const log = newLog(world);
  await log.append(batch([['a', '1']]), { durable: false });
  await world.clock.advanceAsync(29_000);
  assert.equal(log.logStartOffset, 0n);
  await world.clock.advanceAsync(1_001);
  assert.equal(log.logStartOffset, 1n);
});

test('segments roll by size, by age of the records, and for a compacted log by max.compaction.lag.ms', async () => {
  const rolled = async (overrides: Parameters<typeof open>[0], laterMs: number): Promise<boolean> => {
    const world = await open(overrides);
    const log = newLog(world);
    await log.append(batch([['a', 'x'.repeat(100)]], startMs), { durable: false });
    await log.append(batch([['b', 'x'.repeat(100)]], startMs + laterMs), { durable: false });
    return files(world).includes('00000000000000000001.log');
  };
  const compact = { cleanupPolicy: new Set(['compact'] as const), maxCompactionLagMs: 2_000 };
  assert.deepEqual(
    [
      await rolled({ segmentBytes: 300 }, 0),
      await rolled({ segmentBytes: 400 }, 0),
      await rolled({ segmentMs: 5_000 }, 5_001),
      await rolled({ segmentMs: 5_000 }, 5_000),
      await rolled(compact, 2_001),
      await rolled(compact, 2_000),
      await rolled({ maxCompactionLagMs: 2_000 }, 2_001),
    ],
    [true, false, true, false, true, false, false],
  );
});

test('retention by size keeps at least retention.bytes', async () => {
  const world = await open({ segmentBytes: 200, retentionBytes: 500, retentionMs: -1 });
  const log = newLog(world);
  for (let index = 0; index < 10; index++)
    await log.append(batch([[`k${index}`, 'x'.repeat(100)]]), { durable: false });
  const each = log.sizeBytes / 10;
  await world.clock.advanceAsync(1_000);
  assert.ok(log.sizeBytes >= 500 && log.sizeBytes - each < 500, String(log.sizeBytes));
  assert.ok(log.logStartOffset > 0n);
});

test('a topic that is made again inherits neither log start nor cleaning of the deleted one', async () => {
  const settings = {
    cleanupPolicy: new Set(['compact'] as const),
    segmentBytes: 300,
    minCleanableDirtyRatio: 0,
  };
  const fill = async (log: ReturnType<typeof newLog>): Promise<void> => {
    for (let index = 0; index < 12; index++) {
      await (
        await log.append(batch([['same', `value-${index}`]]), { durable: true })
      ).durable;
    }
  };
  for (const seed of [1, 2, 3]) {
    const world = await open(settings);
    const log = newLog(world);
    await fill(log);
    log.deleteRecordsBefore(4n);
    await world.clock.advanceAsync(1_000);
    await world.logs.remove('events', [0]);
    // The cleaner looks again in half a second: the crash comes before.
    await fill(newLog(world));
    const next = await reopen(world, world.disk.crash(seed));
    const again = next.logs.get('events', 0);
    assert.ok(again);
    assert.equal(again.logStartOffset, 0n);
    assert.equal((await readAll(again)).length, 12);
    await next.clock.advanceAsync(1_000);
    assert.ok((await readAll(again)).length < 12, 'the new log counts as cleaned already');
  }
});
