import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaError } from '@oubliette/protocol';
import { batch, files, newLog, open, readAll, reopen } from './fixture.js';

const refused = (name: string) => (error: unknown) => error instanceof KafkaError && error.codeName === name;
const value = 'v'.repeat(100);

test('a full disk refuses appends, durable or not; reads go on; appends go on when there is room', async () => {
  const world = await open({ segmentBytes: 1_000 });
  const log = newLog(world);
  for (let index = 0; index < 3; index++) await log.append(batch([[`k${index}`, value]]), { durable: false });
  world.disk.setFreeBytes(40);
  for (const durable of [true, false, true]) {
    await assert.rejects(log.append(batch([['full', value]]), { durable }), refused('KAFKA_STORAGE_ERROR'));
  }
  assert.deepEqual([log.logEndOffset, log.highWatermark], [3n, 3n]);
  assert.equal((await readAll(log)).length, 3);
  world.disk.setFreeBytes(Infinity);
  const result = await log.append(batch([['k3', value]]), { durable: true });
  await result.durable;
  assert.deepEqual(
    (await readAll(log)).map(({ key }) => key),
    ['k0', 'k1', 'k2', 'k3'],
  );
});

test('a roll on a full disk seals the segment later: nothing is lost, and a clean start finds everything', async () => {
  const world = await open({ segmentBytes: 600, indexIntervalBytes: 50 });
  const log = newLog(world);
  world.disk.fail({
    operation: 'write',
    code: 'ENOSPC',
    times: Infinity,
    path: (path) => /index|snapshot/.test(path),
  });
  for (let index = 0; index < 12; index++) {
    const result = await log.append(batch([[`k${index}`, value]]), { durable: true });
    await result.durable;
  }
  assert.ok(files(world).filter((name) => name.endsWith('.log')).length > 2);
  assert.equal((await readAll(log)).length, 12);
  world.disk.heal();
  await world.logs.close();
  assert.ok(files(world).includes('00000000000000000012.snapshot'));
  const again = (await reopen(world)).logs.get('events', 0);
  assert.ok(again);
  assert.equal((await readAll(again)).length, 12);
});

test('out of files at the first append: it is refused, and the next one that finds a file is kept', async () => {
  const world = await open();
  const log = newLog(world);
  world.disk.fail({ operation: 'sync', code: 'EMFILE', path: (path) => path.endsWith('events-0') });
  for (const durable of [true, false]) {
    const appended = log.append(batch([['k0', value]]), { durable });
    if (durable) await assert.rejects(appended, refused('KAFKA_STORAGE_ERROR'));
    else await appended;
  }
  assert.deepEqual(
    (await readAll(log)).map(({ offset, key }) => [offset, key]),
    [[0n, 'k0']],
  );
  const result = await log.append(batch([['k1', value]]), { durable: true });
  await result.durable;
  const again = (await reopen(world, world.disk.crash(5))).logs.get('events', 0);
  assert.ok(again);
  assert.equal((await readAll(again)).length, 2);
});

test('after a failed sync the log takes no more: what reached the disk is unknown until a restart reads it', async () => {
  const world = await open();
  const log = newLog(world);
  await (
    await log.append(batch([['k0', value]]), { durable: true })
  ).durable;
  world.disk.fail({ operation: 'sync', code: 'EIO' });
  const result = await log.append(batch([['k1', value]]), { durable: true });
  await assert.rejects(result.durable, refused('KAFKA_STORAGE_ERROR'));
  await assert.rejects(
    log.append(batch([['k2', value]]), { durable: false }),
    refused('KAFKA_STORAGE_ERROR'),
  );
  assert.deepEqual(
    (await readAll(log)).map(({ key }) => key),
    ['k0'],
    'what is not known to be on disk is not shown',
  );
  await world.logs.close();
  const again = (await reopen(world, world.disk.crash(5))).logs.get('events', 0);
  assert.ok(again);
  assert.equal((await readAll(again))[0]?.key, 'k0');
  await again.append(batch([['k3', value]]), { durable: false });
});
