import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { CheckpointFile } from '../../src/log/checkpoint-file.js';
import { silentLogger } from '../../src/logger.js';

const path = '/data/checkpoint';

function fileOn(disk: SimulatedDisk): CheckpointFile {
  disk.makeDirectorySync('/data');
  disk.syncDirectorySync('/');
  return new CheckpointFile(disk, path, silentLogger);
}

const line = (offset: bigint) => [['events', 0, offset] as const];
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is written aside stands there when the promise resolves, and survives a power cut', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new SimulatedDisk();
    const file = fileOn(disk);
    assert.equal(await file.writeAside(line(1n)), true);
    const after = new CheckpointFile(disk.crash(seed), path, silentLogger);
    assert.equal(after.read().get('events-0'), 1n);
  }
});

test('a power cut in the middle leaves the old or the new offsets', async () => {
  for (let seed = 0; seed < 60; seed++) {
    const disk = new SimulatedDisk();
    const file = fileOn(disk);
    file.write(line(1n));
    const writing = file.writeAside(line(2n)).catch(() => undefined);
    for (let turns = seed % 6; turns > 0; turns--) await turn();
    const found = new CheckpointFile(disk.crash(seed), path, silentLogger).readStrictly().get('events-0');
    assert.ok(found === 1n || found === 2n, `seed ${seed}: ${found}`);
    await writing;
  }
});

test('the later writing is what stays, in whatever order they end', async () => {
  for (let turns = 0; turns < 6; turns++) {
    const disk = new SimulatedDisk();
    const file = fileOn(disk);
    const first = file.writeAside(line(1n));
    for (let left = turns; left > 0; left--) await turn();
    file.write(line(2n));
    await first;
    assert.equal(file.read().get('events-0'), 2n, `after ${turns} turns`);
    const others = [file.writeAside(line(3n)), file.writeAside(line(4n)), file.writeAside(line(5n))];
    assert.deepEqual(await Promise.all(others), [false, false, true]);
    assert.equal(file.read().get('events-0'), 5n);
  }
});

test('a failed writing aside keeps what was there, and the next one goes on', async () => {
  const disk = new SimulatedDisk();
  const file = fileOn(disk);
  file.write(line(1n));
  disk.fail({ operation: 'sync', code: 'EIO' });
  await assert.rejects(file.writeAside(line(2n)), /EIO/);
  assert.equal(file.read().get('events-0'), 1n);
  assert.equal(await file.writeAside(line(3n)), true);
  assert.equal(file.read().get('events-0'), 3n);
});
