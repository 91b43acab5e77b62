import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import type { PartitionLog } from '../../../src/log/partition-log.js';
import { batch, files, newLog, open, readAll, reopen, type Pair, type Row, type World } from '../fixture.js';

/** What compaction promises: of each key the last value; whatever else is left stands at its offset, in order. */
function checkAgainstModel(
  seed: number,
  history: readonly Row[],
  left: readonly Row[],
  cleanedBelow: bigint,
): void {
  const latest = new Map(history.map((row) => [row.key, row]));
  const written = new Map(history.map((row) => [row.offset, row]));
  for (const row of left) assert.deepEqual(row, written.get(row.offset), `seed ${seed}: changed`);
  const offsets = left.map((row) => row.offset);
  assert.deepEqual(
    offsets,
    [...new Set(offsets)].sort((a, b) => Number(a - b)),
    `seed ${seed}: order`,
  );
  const remaining = new Set(offsets);
  for (const row of latest.values()) {
    if (row.value !== null)
      assert.ok(remaining.has(row.offset), `seed ${seed}: the last value of a key is gone`);
  }
  for (const row of left) {
    const newest = latest.get(row.key);
    assert.ok(
      row.offset >= cleanedBelow || newest?.offset === row.offset,
      `seed ${seed}: offset ${row.offset} is superseded`,
    );
  }
}

async function fill(world: World, log: PartitionLog, seed: number): Promise<Row[]> {
  const chance = new SeededEntropy(seed);
  const history: Row[] = [];
  for (let step = 0; step < 60; step++) {
    const pairs: Pair[] = Array.from({ length: 1 + chance.below(4) }, () => {
      const value = chance.below(4) === 0 ? null : `v${chance.below(1_000_000)}`;
      return [`k${chance.below(12)}`, value];
    });
    const compression = chance.below(2) === 0 ? ('gzip' as const) : ('none' as const);
    const result = await log.append(batch(pairs, world.clock.now(), { compression }), { durable: true });
    await result.durable;
    history.push(
      ...pairs.map(([key, value], index) => ({ offset: result.baseOffset + BigInt(index), key, value })),
    );
    if (chance.below(3) === 0) await world.clock.advanceAsync(100 + chance.below(900));
  }
  return history;
}

const compact = {
  cleanupPolicy: new Set(['compact'] as const),
  segmentBytes: 600,
  segmentMs: 3_000,
  minCleanableDirtyRatio: 0,
  fileDeleteDelayMs: 1_000,
  deleteRetentionMs: 5_000,
};

test('compaction keeps the last value of each key and nothing superseded below the active segment', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const world = await open(
      compact,
      seed % 2 === 0 ? { cleaner: () => ({ dedupeBufferSize: 16 * 24 }) } : {},
    );
    const log = newLog(world);
    const history = await fill(world, log, seed);
    await world.clock.advanceAsync(10_000);
    const bases = files(world).filter((name) => name.endsWith('.log'));
    const active = BigInt(bases.at(-1)?.slice(0, -4) ?? 0);
    // A value in a cleaned segment may be superseded by one in the active segment, which the cleaner has not read.
    const seen = history.filter((row) => row.offset < active);
    const left = await readAll(log);
    checkAgainstModel(
      seed,
      seen,
      left.filter((row) => row.offset < active),
      active,
    );
    assert.deepEqual(
      left.filter((row) => row.offset >= active),
      history.filter((row) => row.offset >= active),
    );
    assert.ok(
      files(world).every((name) => !/\.(cleaned|swap|deleted)$/.test(name)),
      files(world).join(),
    );
  }
});

test('a crash at any moment of a cleaning loses no last value and leaves no litter', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const world = await open(compact);
    const log = newLog(world);
    const history = await fill(world, log, seed);
    world.clock.advance(500);
    for (let turn = seed % 40; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    const next = await reopen(world, world.disk.crash(seed));
    const again = next.logs.get('events', 0);
    assert.ok(again);
    checkAgainstModel(seed, history, await readAll(again), -1n + 0n);
    assert.ok(
      files(next).every((name) => !/\.(cleaned|swap|deleted)$/.test(name)),
      `seed ${seed}: ${files(next).join()}`,
    );
    await next.clock.advanceAsync(10_000);
    checkAgainstModel(seed, history, await readAll(again), -1n + 0n);
  }
});

test('small segments are merged, offsets stay, and reading from a compacted offset gives what follows', async () => {
  const world = await open(compact);
  const log = newLog(world);
  for (let index = 0; index < 40; index++) {
    await (
      await log.append(batch([['same', `v${index}`]], world.clock.now()), { durable: true })
    ).durable;
  }
  // Segments are grouped by their size before cleaning: it is the second pass that merges what the first one thinned out.
  for (const filler of ['one', 'two']) {
    await (
      await log.append(batch([[filler, 'x'.repeat(500)]], world.clock.now()), { durable: true })
    ).durable;
    await world.clock.advanceAsync(5_000);
  }
  assert.deepEqual(
    (await readAll(log)).map((row) => row.offset),
    [39n, 40n, 41n],
  );
  assert.equal(files(world).filter((name) => name.endsWith('.log')).length, 3);
  const { records } = await log.read(3n, 1_000, { minOneBatch: true, isolation: 'uncommitted' });
  assert.equal(Buffer.from(records).readBigInt64BE(0), 39n);
});

const faults = [
  { what: 'a corrupt batch', at: 70, byte: 255 },
  { what: 'a batch with an offset behind its segment', at: 3, byte: 1 },
  { what: 'a batch with an offset before its segment', at: 0, byte: 255 },
];
for (const { what, at, byte } of faults)
  test(`${what} stops the cleaning of its log alone, and is reported`, async () => {
    const reports: string[] = [];
    const logger = {
      info: () => undefined,
      warn: () => undefined,
      error: (message: string) => reports.push(message),
    };
    const world = await open(compact, { logger });
    const bad = newLog(world, 'bad');
    const good = newLog(world, 'good');
    for (const log of [bad, good]) {
      for (let index = 0; index < 12; index++) {
        await (
          await log.append(batch([['same', `value-${index}`]], world.clock.now()), { durable: true })
        ).durable;
      }
    }
    const file = world.disk.openSync('/data/bad-0/00000000000000000000.log', 'write');
    file.writeSync([new Uint8Array([byte])], at);
    await world.clock.advanceAsync(5_000);
    assert.equal(reports.filter((report) => report.includes('cannot be cleaned')).length, 1);
    assert.equal(bad.logStartOffset, 0n);
    assert.ok((await readAll(good)).length < 12);
  });

test('a full disk delays a cleaning: it is tried again, and done when there is room', async () => {
  const reports: string[] = [];
  const ignore = (): void => undefined;
  const world = await open(compact, {
    logger: { info: ignore, warn: ignore, error: (message: string) => reports.push(message) },
  });
  const log = newLog(world);
  for (let index = 0; index < 12; index++) {
    const result = await log.append(batch([['same', `value-${index}`]], world.clock.now()), {
      durable: true,
    });
    await result.durable;
  }
  const isCleaned = (path: string): boolean => path.endsWith('.cleaned');
  world.disk.fail({ operation: 'write', code: 'ENOSPC', times: Infinity, path: isCleaned });
  await world.clock.advanceAsync(5_000);
  assert.ok(reports.length > 1 && reports.every((report) => report.includes('tried again')), reports[0]);
  assert.deepEqual([...world.logs.uncleanable], []);
  assert.equal((await readAll(log)).length, 12);
  world.disk.heal();
  await world.clock.advanceAsync(5_000);
  assert.ok((await readAll(log)).length < 12);
  assert.ok(!files(world).some((name) => isCleaned(name)));
});

test('deleting a topic during a cleaning leaves neither files nor errors', async () => {
  for (let turns = 0; turns < 20; turns++) {
    const reports: string[] = [];
    const logger = {
      info: () => undefined,
      warn: () => undefined,
      error: (message: string) => reports.push(message),
    };
    const world = await open(compact, { logger });
    const log = newLog(world);
    await fill(world, log, turns);
    world.clock.advance(500);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await world.logs.remove('events', [0]);
    await world.clock.advanceAsync(2_000);
    assert.deepEqual(reports, []);
    assert.ok(world.disk.listSync('/data').every((entry) => entry.kind === 'file'));
  }
});
