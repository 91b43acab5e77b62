import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@oubliette/protocol';
import { ManualClock, SimulatedDisk } from '@oubliette/runtime/testing';
import { openLogManager } from '../../src/log/log-manager.js';
import type { AppendResult, LogConfig, PartitionLog } from '../../src/log/partition-log.js';
import { batch, config, newLog, options, readAll, reopen, startMs, type World } from './fixture.js';

// On Kafka a producer that asks for no more than the leader's word has it once its records are in the log, whatever others of the
// partition wait for, and who reads then finds them: a lone replica's high watermark moves with the append.

const segment = '/data/events-0/00000000000000000000.log';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isStorageError = (error: unknown): boolean =>
  error instanceof KafkaError && error.codeName === 'KAFKA_STORAGE_ERROR';

/** A log whose first segment is synced only when `release` lets it: once for each call. */
async function held(
  settings: Partial<LogConfig> = {},
): Promise<{ world: World; log: PartitionLog; release: () => Promise<void> }> {
  const disk = new SimulatedDisk();
  const gates: (() => void)[] = [];
  let isOpen = false;
  const openSync = disk.openSync.bind(disk);
  disk.openSync = (path, mode, permissions) => {
    const file = openSync(path, mode, permissions);
    const sync = file.sync.bind(file);
    if (path === segment)
      file.sync = async () => {
        if (!isOpen) await new Promise<void>((resolve) => gates.push(resolve));
        await sync();
      };
    return file;
  };
  const base = { disk, clock: new ManualClock(startMs), config: config({ retentionMs: -1, ...settings }) };
  const world = { ...base, logs: await openLogManager(options(base)) };
  const log = newLog(world);
  // Its names are on their way to the disk with its first record.
  await log.append(batch([['first', 'v']]), { durable: false });
  for (let turns = 0; turns < 5; turns++) await turn();
  const release = async (): Promise<void> => {
    const gate = gates.shift();
    if (gate === undefined) isOpen = true;
    gate?.();
    for (let turns = 0; turns < 10; turns++) await turn();
  };
  return { world, log, release };
}

/** Appends one record and lets it come as far as it can. */
async function put(log: PartitionLog, key: string, durable: boolean) {
  const seen = { answered: false, synced: false };
  const appended: Promise<AppendResult> = log.append(batch([[key, 'v']]), { durable });
  const all = appended.then(async (result) => {
    seen.answered = true;
    await result.durable;
    seen.synced = true;
  });
  all.catch(() => undefined);
  for (let turns = 0; turns < 10; turns++) await turn();
  return { seen, all };
}

const keysOnDisk = (world: World): string[] =>
  Buffer.from(world.disk.readFileSync(segment))
    .toString('latin1')
    .match(/key-\d/g) ?? [];

test('an append that waits for no sync is written, answered and read while another is synced', async () => {
  const { world, log, release } = await held();
  const durable = await put(log, 'key-1', true);
  const plain = await put(log, 'key-2', false);
  assert.deepEqual([durable.seen.synced, plain.seen], [false, { answered: true, synced: true }]);
  assert.deepEqual(keysOnDisk(world), ['key-1', 'key-2']);
  assert.deepEqual([log.highWatermark, (await readAll(log)).length], [3n, 3]);
  await release();
  assert.deepEqual([durable.seen.synced, log.highWatermark], [true, 3n]);
  await release();
  await world.logs.close();
});

test('one that stands before it and asks for a sync is written along, and waits for a sync of its own', async () => {
  const { world, log, release } = await held();
  const first = await put(log, 'key-1', true);
  const second = await put(log, 'key-2', true);
  assert.deepEqual([second.seen.answered, keysOnDisk(world), log.highWatermark], [false, ['key-1'], 2n]);
  const plain = await put(log, 'key-3', false);
  const third = await put(log, 'key-4', true);
  assert.deepEqual([plain.seen.answered, keysOnDisk(world)], [true, ['key-1', 'key-2', 'key-3']]);
  await release();
  assert.deepEqual([first.seen.synced, second.seen.synced, log.highWatermark], [true, false, 5n]);
  await release();
  assert.deepEqual([second.seen.synced, third.seen.synced, log.highWatermark], [true, true, 5n]);
  await release();
  await world.logs.close();
  const again = await reopen(world);
  const found = again.logs.get('events', 0);
  assert.ok(found);
  assert.deepEqual(
    (await readAll(found)).map(({ key }) => key),
    ['first', 'key-1', 'key-2', 'key-3', 'key-4'],
  );
  await again.logs.close();
});

test('a sync that fails ends the log for what was written meanwhile too, and shows none of it any more', async () => {
  const { world, log, release } = await held();
  const first = await put(log, 'key-1', true);
  const second = await put(log, 'key-2', true);
  const plain = await put(log, 'key-3', false);
  world.disk.fail({ operation: 'sync', code: 'EIO', path: (path) => path === segment });
  assert.equal(log.highWatermark, 4n);
  await release();
  await assert.rejects(first.all, isStorageError);
  await assert.rejects(second.all, isStorageError);
  assert.deepEqual([plain.seen.answered, log.highWatermark, (await readAll(log)).length], [true, 1n, 1]);
  await assert.rejects(log.append(batch([['more', 'v']]), { durable: false }), isStorageError);
});

test('what cannot be written meanwhile is taken back alone', async () => {
  const { world, log, release } = await held();
  const first = await put(log, 'key-1', true);
  world.disk.fail({ operation: 'write', code: 'ENOSPC', path: (path) => path === segment });
  const refused = await put(log, 'key-2', false);
  await assert.rejects(refused.all, isStorageError);
  const next = await put(log, 'key-3', false);
  assert.deepEqual([next.seen.answered, log.logEndOffset, keysOnDisk(world)], [true, 3n, ['key-1', 'key-3']]);
  await release();
  assert.deepEqual([first.seen.synced, log.highWatermark, (await readAll(log)).length], [true, 3n, 3]);
  await release();
  await world.logs.close();
});

test('flush.messages: nobody reads, and nobody behind it is answered, before the sync, whatever the acks', async () => {
  for (const durable of [false, true]) {
    const { world, log, release } = await held({ flushMessages: 2 });
    const flush = await put(log, 'key-1', durable);
    const plain = await put(log, 'key-2', false);
    assert.deepEqual([flush.seen.answered, plain.seen.answered, log.highWatermark], [false, false, 1n]);
    await release();
    assert.deepEqual([flush.seen.synced, plain.seen.answered, log.highWatermark], [true, true, 3n]);
    await release();
    await world.logs.close();
  }
});

test('a flush that gathers behind another sync holds up what is behind it, and nothing before it', async () => {
  const { world, log, release } = await held({ flushMessages: 3 });
  const durable = await put(log, 'key-1', true);
  const seen: { answered: boolean }[] = [];
  for (const key of ['key-2', 'key-3', 'key-4', 'key-5']) seen.push((await put(log, key, false)).seen);
  const answered = (): boolean[] => seen.map((append) => append.answered);
  assert.deepEqual([answered(), log.highWatermark], [[true, true, false, false], 4n]);
  await release();
  assert.deepEqual(
    [durable.seen.synced, answered(), log.highWatermark],
    [true, [true, true, false, false], 4n],
  );
  await release();
  assert.deepEqual([answered(), log.highWatermark], [[true, true, true, true], 6n]);
  await release();
  await world.logs.close();
});
