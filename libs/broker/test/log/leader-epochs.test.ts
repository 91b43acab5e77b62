import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { silentLogger } from '../../src/logger.js';
import { LeaderEpochs } from '../../src/log/leader-epochs.js';
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
  assert.equal(epochs.assign(4, 25n), false);
  assert.equal(epochs.assign(5, 20n), true);
  assert.deepEqual(epochs.entries, [
    { epoch: 1, startOffset: 10n },
    { epoch: 5, startOffset: 20n },
  ]);
});

test('cut at either end, and written as Kafka writes it', () => {
  const { disk, epochs } = load('0\n3\n1 10\n4 20\n6 35\n');
  assert.equal(epochs.truncateFromEnd(35n), true);
  assert.equal(epochs.truncateFromStart(22n), true);
  assert.equal(epochs.truncateFromStart(22n), false);
  epochs.write('/log');
  assert.equal(Buffer.from(disk.readFileSync(path)).toString(), '0\n1\n4 22\n');
});

test('a malformed checkpoint counts as none', () => {
  for (const content of ['', '1\n1\n0 0\n', '0\n2\n0 0\n', '0\n1\n0 -1\n', '0\n2\n4 5\n3 9\n']) {
    assert.deepEqual(load(content).epochs.entries, [], JSON.stringify(content));
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
  assert.equal(content(), '0\n1\n0 3\n');
  await world.logs.close();
  const again = (await reopen(world)).logs.get('events', 0);
  assert.deepEqual(again?.epochEnd(0), { leaderEpoch: 0, endOffset: 5n });
});
