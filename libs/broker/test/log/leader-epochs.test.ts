import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iterateBatches } from '@oubliette/protocol';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { silentLogger } from '../../src/logger.js';
import { LeaderEpochs } from '../../src/log/leader-epochs.js';
import type { PartitionLog } from '../../src/log/partition-log.js';
import { batch, directory, newLog, open, reopen } from './fixture.js';

const path = '/log/leader-epoch-checkpoint';

function load(content?: string): { disk: SimulatedDisk; epochs: LeaderEpochs } {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/log');
  if (content !== undefined) disk.replaceFileSync(path, Buffer.from(content));
  return { disk, epochs: LeaderEpochs.load(disk, '/log', silentLogger) };
}

test('the end of an epoch is the start of the next, of the last one the log end, of an unknown one nothing', () => {
  const { epochs } = load('0\n3\n1 10\n4 20\n6 35\n');
  const ends = [-1, 0, 1, 3, 4, 5, 6, 7].map((epoch) => Object.values(epochs.endOf(epoch, 50n)));
  assert.deepEqual(ends, [
    [-1, -1n],
    [0, 10n],
    [1, 20n],
    [1, 20n],
    [4, 35n],
    [4, 35n],
    [6, 50n],
    [-1, -1n],
  ]);
});

test('a new epoch drops what contradicts it; the same one again changes nothing', () => {
  const { epochs } = load('0\n2\n1 10\n4 20\n');
  epochs.assign(4, 25n);
  assert.equal(epochs.entries.length, 2);
  epochs.assign(5, 20n);
  assert.deepEqual(epochs.entries, [
    { epoch: 1, startOffset: 10n },
    { epoch: 5, startOffset: 20n },
  ]);
});

test('cut at either end, and written as Kafka writes it', () => {
  const { disk, epochs } = load('0\n3\n1 10\n4 20\n6 35\n');
  epochs.truncateFromEnd(35n);
  epochs.truncateFromStart(22n);
  epochs.truncateFromStart(22n);
  epochs.write('/log', 35n);
  assert.equal(Buffer.from(disk.readFileSync(path)).toString(), '0\n1\n4 22\n');
});

test('an epoch is written once a record of it stands, and not again', () => {
  const { disk, epochs } = load('0\n1\n0 0\n');
  const content = (): string => Buffer.from(disk.readFileSync(path)).toString();
  epochs.assign(2, 8n);
  epochs.write('/log', 8n);
  assert.equal(content(), '0\n1\n0 0\n');
  assert.equal(epochs.isDue(9n), true);
  epochs.write('/log', 9n);
  assert.equal(content(), '0\n2\n0 0\n2 8\n');
  assert.equal(epochs.isDue(20n), false);
});

test('a malformed checkpoint counts as none', () => {
  for (const content of ['', '1\n1\n0 0\n', '0\n2\n0 0\n', '0\n1\n0 -1\n', '0\n2\n4 5\n3 9\n']) {
    assert.deepEqual(load(content).epochs.entries, [], JSON.stringify(content));
  }
});

const epochOf = (run: number) => ({ leaderEpochOf: () => 2 * run });
const checkpoint = (disk: SimulatedDisk): string =>
  Buffer.from(disk.readFileSync(`${directory}/events-0/leader-epoch-checkpoint`)).toString();

test('each start begins an epoch of its own; batches, ends and the file tell them apart', async () => {
  let world = await open();
  let log: PartitionLog = newLog(world);
  for (const run of [1, 2, 3]) {
    await log.append(batch([['k', `${run}`]]), { durable: false });
    await world.logs.close();
    world = await reopen(world, world.disk, epochOf(run));
    const found = world.logs.get('events', 0);
    assert.ok(found);
    log = found;
    assert.equal(log.leaderEpoch, 2 * run);
  }
  assert.deepEqual(log.epochEnd(0), { leaderEpoch: 0, endOffset: 1n });
  assert.deepEqual(log.epochEnd(3), { leaderEpoch: 2, endOffset: 2n });
  assert.deepEqual(log.epochEnd(6), { leaderEpoch: 6, endOffset: 3n });
  const { records } = await log.read(0n, 10_000, { minOneBatch: true, isolation: 'uncommitted' });
  assert.deepEqual(
    [...iterateBatches(records)].map(({ leaderEpoch }) => leaderEpoch),
    [0, 2, 4],
  );
  assert.equal(log.earliestEpoch, 0);
  assert.equal(checkpoint(world.disk), '0\n3\n0 0\n2 1\n4 2\n');
});

test('after a crash the epochs that the file had not heard of are learnt from the batches', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    let world = await open({ segmentBytes: 200 });
    let log: PartitionLog = newLog(world);
    const epochs = new Map<bigint, number>();
    for (const run of [1, 2, 3, 4]) {
      for (let count = 0; count <= seed % 3; count++) {
        const appended = await log.append(batch([['k', `${run}.${count}`]]), { durable: true });
        await appended.durable;
        epochs.set(appended.baseOffset, 2 * (run - 1));
      }
      world = await reopen(world, world.disk.crash(seed + run), epochOf(run));
      const found = world.logs.get('events', 0);
      assert.ok(found);
      log = found;
    }
    for (const [offset, epoch] of epochs) {
      const { endOffset } = log.epochEnd(epoch);
      const before = log.epochEnd(epoch - 1).endOffset;
      assert.ok(offset < endOffset && offset >= before, `seed ${seed}: offset ${offset} of epoch ${epoch}`);
    }
  }
});

test('a log notes its epoch when it is made, and moves its start with the log start', async () => {
  const world = await open();
  const log = newLog(world);
  const file = `${directory}/events-0/leader-epoch-checkpoint`;
  const content = () => Buffer.from(world.disk.readFileSync(file)).toString();
  assert.equal(content(), '0\n1\n0 0\n');
  for (let index = 0; index < 5; index++) await log.append(batch([['k', 'v']]), { durable: false });
  log.deleteRecordsBefore(3n);
  // The file follows behind what is on its way.
  await log.append(batch([['k', 'v']]), { durable: false });
  assert.equal(content(), '0\n1\n0 3\n');
  await world.logs.close();
  const again = (await reopen(world)).logs.get('events', 0);
  assert.deepEqual(again?.epochEnd(0), { leaderEpoch: 0, endOffset: 6n });
});
