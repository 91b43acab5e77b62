import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@oubliette/protocol';
import type { DiskPartitionLog } from '../../src/log/disk-partition-log.js';
import { batch, directory, files, newLog, open, put, readAll, reopen } from './fixture.js';

const storageError = (error: unknown): boolean =>
  error instanceof KafkaError && error.codeName === 'KAFKA_STORAGE_ERROR';

test('on a full disk appends and new topics are refused, reads go on, and all of it works again when there is room', async () => {
  for (const durable of [false, true]) {
    const world = await open({ segmentBytes: 500, retentionMs: -1 });
    const log = newLog(world);
    const append = async (key: string): Promise<void> => {
      const result = await log.append(batch([[key, 'x'.repeat(60)]]), { durable });
      await result.durable;
    };
    for (let index = 0; index < 10; index++) await append(`k${index}`);
    world.disk.setFreeBytes(0);
    for (let index = 0; index < 10; index++) await assert.rejects(append('full'), storageError);
    // Checkpoints fail meanwhile, and are tried again.
    await world.clock.advanceAsync(120_000);
    assert.throws(() => world.logs.create('other', 0, { ...world.config }), storageError);
    assert.equal(world.logs.get('other', 0), undefined);
    assert.equal((await readAll(log)).length, 10);
    world.disk.setFreeBytes(Infinity);
    for (let index = 10; index < 20; index++) await append(`k${index}`);
    assert.ok(world.logs.create('other', 0, { ...world.config }));
    await world.clock.advanceAsync(60_000);
    const checkpoint = world.disk.readFileSync(`${directory}/recovery-point-offset-checkpoint`);
    assert.match(Buffer.from(checkpoint).toString(), /^events 0 [1-9]/m);
    await world.logs.close();
    const again = (await reopen(world, world.disk.crash(1))).logs.get('events', 0);
    assert.deepEqual(
      again && (await readAll(again)).map((row) => row.key),
      Array.from({ length: 20 }, (_, index) => `k${index}`),
    );
  }
});

test('a stop on a full disk leaves no clean mark, and the next start recovers what was acknowledged', async () => {
  const world = await open({ segmentBytes: 500, retentionMs: -1 });
  const log = newLog(world);
  for (let index = 0; index < 10; index++) {
    await (
      await log.append(batch([[`k${index}`, 'x'.repeat(60)]]), { durable: true })
    ).durable;
  }
  world.disk.setFreeBytes(0);
  await world.logs.close().catch((error: unknown) => assert.match(String(error), /ENOSPC/));
  assert.ok(!world.disk.existsSync(`${directory}/.kafka_cleanshutdown`));
  const disk = world.disk.crash(1);
  const again = (await reopen(world, disk)).logs.get('events', 0);
  assert.equal(again && (await readAll(again)).length, 10);
});

test('records are deleted on a full disk too: what is told of the start then is still told after a stop, once there was room', async () => {
  const world = await open({ retentionMs: -1 });
  const log = newLog(world);
  for (let index = 0; index < 5; index++) await put(world, log, `k${index}`, 'v');
  world.disk.setFreeBytes(0);
  assert.equal(log.deleteRecordsBefore(3n), 3n);
  await world.clock.advanceAsync(120_000);
  assert.equal(log.logStartOffset, 3n);
  assert.deepEqual(
    (await readAll(log)).map(({ key }) => key),
    ['k3', 'k4'],
  );
  world.disk.setFreeBytes(Infinity);
  await world.clock.advanceAsync(60_000);
  const again = (await reopen(world, world.disk.crash(1))).logs.get('events', 0);
  assert.equal(again?.logStartOffset, 3n);
});

test('a segment that retention takes away before its indexes found room gets none under its new name', async () => {
  const world = await open({ segmentBytes: 500, indexIntervalBytes: 100, retentionMs: 10_000 });
  const log = newLog(world);
  const append = async (): Promise<void> => {
    await (
      await log.append(batch([['k', 'x'.repeat(60)]], world.clock.now()), { durable: true })
    ).durable;
  };
  const isIndex = (path: string): boolean => /index/.test(path);
  world.disk.fail({ operation: 'write', code: 'ENOSPC', times: Infinity, path: isIndex });
  for (let index = 0; index < 12; index++) await append();
  await world.clock.advanceAsync(15_000);
  assert.ok(log.logStartOffset > 0n);
  const before = files(world);
  assert.ok(before.some((name) => name.endsWith('.log.deleted')));
  world.disk.heal();
  for (let index = 0; index < 6; index++) await append();
  await (log as DiskPartitionLog).settle();
  const added = files(world).filter((name) => !before.includes(name));
  assert.deepEqual(
    added.filter((name) => name.endsWith('.deleted')),
    [],
  );
  assert.ok(added.some((name) => name.endsWith('.index')));
});

test('a log that is deleted while it is written says nothing of files that its directory does not take any more', async () => {
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const logger = { info: () => undefined, warn: note, error: note };
  const world = await open({ segmentBytes: 500, retentionMs: -1 }, { logger, leaderEpochOf: () => 3 });
  const append = (topic: string, more: number): Promise<unknown>[] => {
    const log = world.logs.get(topic, 0) ?? newLog(world, topic);
    return Array.from({ length: more }, () =>
      log.append(batch([['k', 'x'.repeat(60)]]), { durable: true }).then(({ durable }) => durable),
    );
  };
  for (let turns = 0; turns < 60; turns++) {
    const answers = append(`topic-${turns}`, 9);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    await world.logs.remove(`topic-${turns}`, [0]);
    await Promise.allSettled(answers);
  }
  await world.logs.close();
  assert.deepEqual(
    lines.filter((line) => line.includes('could not be written')),
    [],
  );
});
