import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskError } from '../../src/index.js';
import { diskContract, SimulatedDisk } from '../../src/testing/index.js';

diskContract(() => {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/data/root');
  return { disk, root: '/data/root', dispose: () => undefined };
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const seeds = Array.from({ length: 200 }, (_, seed) => seed);

function withFile(): { disk: SimulatedDisk; file: ReturnType<SimulatedDisk['openSync']> } {
  const disk = new SimulatedDisk();
  const file = disk.openSync('/a', 'write');
  disk.syncDirectorySync('/');
  return { disk, file };
}

test('synced bytes survive every crash; unsynced ones are lost, kept, torn or zero', () => {
  const outcomes = new Set<string>();
  for (const seed of seeds) {
    const { disk, file } = withFile();
    file.writeSync([bytes('safe')], 0);
    file.syncSync();
    file.writeSync([bytes('risk')], 4);
    const left = text(disk.crash(seed).readFileSync('/a'));
    assert.ok(left.startsWith('safe'), `seed ${seed}: ${left}`);
    outcomes.add(left.slice(4));
  }
  assert.deepEqual([...outcomes].sort(), ['', '\0\0\0\0', 'r', 'ri', 'ris', 'risk']);
});

test('a name that was not synced may be gone, a removed one may be back', () => {
  const outcomes = new Set<string>();
  for (const seed of seeds) {
    const { disk } = withFile();
    disk.openSync('/b', 'write').closeSync();
    disk.renameSync('/a', '/c');
    const after = disk.crash(seed);
    outcomes.add(
      after
        .listSync('/')
        .map((entry) => entry.name)
        .sort()
        .join(),
    );
  }
  assert.deepEqual([...outcomes].sort(), ['a', 'a,b', 'b,c']);
});

test('replaceFileSync leaves the old or the new content, never a mixture', () => {
  for (const seed of seeds) {
    const { disk } = withFile();
    disk.replaceFileSync('/a', bytes('new'));
    assert.equal(text(disk.crash(seed).readFileSync('/a')), 'new');
  }
});

test('a directory sync covers the names of before it began', async () => {
  const outcomes = new Set<string>();
  for (const seed of seeds) {
    const disk = new SimulatedDisk();
    disk.openSync('/a', 'write').closeSync();
    const syncing = disk.syncDirectory('/');
    disk.openSync('/b', 'write').closeSync();
    await syncing;
    outcomes.add(
      disk
        .crash(seed)
        .listSync('/')
        .map(({ name }) => name)
        .join(),
    );
  }
  assert.deepEqual([...outcomes].sort(), ['a', 'a,b']);
});

test('a crash in the middle of removing a directory leaves what was not reached', async () => {
  const outcomes = new Set<number>();
  for (const seed of seeds) {
    const disk = new SimulatedDisk();
    disk.makeDirectorySync('/x');
    for (const name of ['a', 'b', 'c']) disk.openSync(`/x/${name}`, 'write').closeSync();
    disk.syncDirectorySync('/');
    disk.syncDirectorySync('/x');
    const removing = disk.removeDirectory('/x').catch(() => undefined);
    for (let turns = seed % 6; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    const after = disk.crash(seed);
    outcomes.add(after.existsSync('/x') ? after.listSync('/x').length : -1);
    await removing;
  }
  assert.deepEqual(
    [...outcomes].sort((a, b) => a - b),
    [-1, 0, 1, 2, 3],
  );
});

test('a sync covers what was written before it began', async () => {
  let lost = 0;
  for (const seed of seeds) {
    const { disk, file } = withFile();
    file.writeSync([bytes('a')], 0);
    const syncing = file.sync();
    file.writeSync([bytes('b')], 1);
    await syncing;
    const left = text(disk.crash(seed).readFileSync('/a'));
    assert.equal(left[0], 'a');
    if (left !== 'ab') lost++;
  }
  assert.ok(lost > 0, 'the byte written during the sync was never lost');
});

test('after a crash the old disk is dead', async () => {
  const { disk, file } = withFile();
  disk.crash(1);
  assert.throws(() => file.writeSync([bytes('x')], 0), /EIO/);
  await assert.rejects(file.sync(), /EIO/);
  assert.throws(() => disk.listSync('/'), /EIO/);
});

test('injected failures hit the named operation, as often as asked, and may store a part', () => {
  const { disk, file } = withFile();
  disk.fail({ operation: 'write', code: 'EIO', stored: 0.5 });
  assert.throws(() => file.writeSync([bytes('abcd')], 0), /EIO/);
  assert.equal(text(disk.readFileSync('/a')), 'ab');
  file.writeSync([bytes('abcd')], 0);
  disk.fail({ operation: 'open', code: 'EACCES', path: (path) => path === '/b', times: Infinity });
  disk.openSync('/a', 'read').closeSync();
  assert.throws(() => disk.openSync('/b', 'write'), /EACCES/);
  assert.throws(() => disk.openSync('/b', 'write'), /EACCES/);
  disk.heal();
  disk.openSync('/b', 'write').closeSync();
});

test('a full disk stores what fits; overwriting still works', () => {
  const { disk, file } = withFile();
  file.writeSync([bytes('abcd')], 0);
  disk.setFreeBytes(2);
  assert.throws(
    () => file.writeSync([bytes('12345')], 3),
    (error) => error instanceof DiskError && error.code === 'ENOSPC',
  );
  assert.equal(text(disk.readFileSync('/a')), 'abc123');
  file.writeSync([bytes('ABC')], 0);
});
