import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../disk.js';
import { DiskError } from '../errors.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const code = (expected: string) => (error: unknown) => error instanceof DiskError && error.code === expected;

/** What every Disk does. `make` gives a disk and an empty directory on it. */
export function diskContract(make: () => { disk: Disk; root: string; dispose: () => void }): void {
  const check = (name: string, body: (disk: Disk, root: string) => void | Promise<void>): void => {
    test(name, async () => {
      const { disk, root, dispose } = make();
      try {
        await body(disk, root);
      } finally {
        dispose();
      }
    });
  };

  check('opening to read needs the file, opening to write creates it and keeps its content', (disk, root) => {
    assert.throws(() => disk.openSync(`${root}/a`, 'read'), code('ENOENT'));
    const first = disk.openSync(`${root}/a`, 'write');
    first.writeSync([bytes('abc')], 0);
    first.closeSync();
    const second = disk.openSync(`${root}/a`, 'write');
    assert.equal(second.size(), 3);
    second.closeSync();
    assert.throws(() => disk.openSync(`${root}/none/a`, 'write'), code('ENOENT'));
  });

  check('writes take several buffers at a position and leave zeros in a gap', async (disk, root) => {
    const file = disk.openSync(`${root}/a`, 'write');
    await file.write([bytes('cd'), bytes(''), bytes('ef')], 2);
    file.writeSync([bytes('X'), bytes('Y')], 4);
    assert.equal(file.size(), 6);
    file.closeSync();
    assert.equal(text(disk.readFileSync(`${root}/a`)), '\0\0cdXY');
  });

  check('reads are short only at the end', async (disk, root) => {
    const file = disk.openSync(`${root}/a`, 'write');
    file.writeSync([bytes('abcdef')], 0);
    const target = new Uint8Array(8);
    assert.equal(await file.read(target, 1, 4, 4), 2);
    assert.equal(text(target.subarray(1, 3)), 'ef');
    assert.equal(file.readSync(target, 0, 3, 1), 3);
    assert.equal(text(target.subarray(0, 3)), 'bcd');
    assert.equal(await file.read(target, 0, 8, 6), 0);
    file.closeSync();
  });

  check('truncation cuts and extends, syncing succeeds', async (disk, root) => {
    const file = disk.openSync(`${root}/a`, 'write');
    file.writeSync([bytes('abcdef')], 0);
    file.truncateSync(2);
    file.truncateSync(4);
    await file.sync();
    file.syncSync();
    file.closeSync();
    assert.equal(text(disk.readFileSync(`${root}/a`)), 'ab\0\0');
    disk.syncDirectorySync(root);
  });

  check('a file knows when its content last changed, and believes what it is told of it', (disk, root) => {
    const file = disk.openSync(`${root}/a`, 'write');
    file.writeSync([bytes('abc')], 0);
    const { size, modifiedMs } = file.stat();
    assert.equal(size, 3);
    assert.ok(Number.isInteger(modifiedMs) && modifiedMs > 0, `${modifiedMs}`);
    for (const ms of [modifiedMs - 86_400_000, 1_700_000_000_123]) {
      file.setModifiedSync(ms);
      assert.equal(file.stat().modifiedMs, ms);
    }
    file.closeSync();
    const again = disk.openSync(`${root}/a`, 'write');
    assert.equal(again.stat().modifiedMs, 1_700_000_000_123);
    again.writeSync([bytes('d')], 3);
    assert.ok(again.stat().modifiedMs >= modifiedMs);
    again.closeSync();
  });

  check('replacing leaves the new content, its permissions and no draft', (disk, root) => {
    disk.replaceFileSync(`${root}/a`, bytes('old'));
    disk.replaceFileSync(`${root}/a`, bytes('new!'), 0o600);
    assert.equal(text(disk.readFileSync(`${root}/a`)), 'new!');
    assert.deepEqual(disk.statSync(`${root}/a`), { kind: 'file', size: 4, mode: 0o600 });
    assert.deepEqual(disk.listSync(root), [{ name: 'a', kind: 'file' }]);
  });

  check('a volume has room, and no more than its size', (disk, root) => {
    const { totalBytes, usableBytes } = disk.volumeSync(root);
    assert.ok(usableBytes > 0n && usableBytes <= totalBytes, `${usableBytes} of ${totalBytes}`);
  });

  check('names: make with parents, rename over, remove', (disk, root) => {
    disk.makeDirectorySync(`${root}/x/y`);
    disk.makeDirectorySync(`${root}/x/y`);
    disk.replaceFileSync(`${root}/x/y/a`, bytes('a'));
    disk.replaceFileSync(`${root}/x/y/b`, bytes('b'));
    disk.renameSync(`${root}/x/y/a`, `${root}/x/y/b`);
    assert.equal(text(disk.readFileSync(`${root}/x/y/b`)), 'a');
    disk.renameSync(`${root}/x`, `${root}/z`);
    assert.equal(disk.existsSync(`${root}/x`), false);
    assert.equal(disk.existsSync(`${root}/z/y/b`), true);
    disk.removeFileSync(`${root}/z/y/b`);
    assert.deepEqual(disk.listSync(`${root}/z`), [{ name: 'y', kind: 'directory' }]);
    disk.removeDirectorySync(`${root}/z`);
    assert.equal(disk.existsSync(`${root}/z`), false);
  });

  check('a second name outlives the first, and is the same file', (disk, root) => {
    disk.replaceFileSync(`${root}/a`, bytes('old'));
    disk.linkSync(`${root}/a`, `${root}/b`);
    assert.throws(() => disk.linkSync(`${root}/a`, `${root}/b`), code('EEXIST'));
    disk.replaceFileSync(`${root}/a`, bytes('new'));
    assert.deepEqual(
      [text(disk.readFileSync(`${root}/a`)), text(disk.readFileSync(`${root}/b`))],
      ['new', 'old'],
    );
    disk.renameSync(`${root}/b`, `${root}/a`);
    assert.equal(text(disk.readFileSync(`${root}/a`)), 'old');
  });

  check('a file is the same under another name, and another one under the same name', (disk, root) => {
    const identityOf = (name: string): string => {
      const file = disk.openSync(`${root}/${name}`, 'read');
      try {
        return file.identity();
      } finally {
        file.closeSync();
      }
    };
    disk.replaceFileSync(`${root}/a`, bytes('old'));
    const old = identityOf('a');
    disk.linkSync(`${root}/a`, `${root}/b`);
    disk.renameSync(`${root}/a`, `${root}/c`);
    disk.replaceFileSync(`${root}/a`, bytes('new'));
    assert.deepEqual([identityOf('b'), identityOf('c')], [old, old]);
    assert.notEqual(identityOf('a'), old);
  });

  check('removing and syncing that take a turn end the same', async (disk, root) => {
    disk.makeDirectorySync(`${root}/x/y`);
    for (const name of ['a', 'x/b', 'x/y/c']) disk.replaceFileSync(`${root}/${name}`, bytes('a'));
    let turned = false;
    setImmediate(() => (turned = true));
    await disk.removeFile(`${root}/a`);
    await disk.removeDirectory(`${root}/x`);
    await disk.syncDirectory(root);
    assert.deepEqual(disk.listSync(root), []);
    assert.ok(turned);
  });

  check('what is missing is ENOENT with the path, also where it takes a turn', async (disk, root) => {
    const gone = `${root}/gone`;
    for (const attempt of [
      () => disk.removeFile(gone),
      () => disk.removeDirectory(gone),
      () => disk.syncDirectory(gone),
    ]) {
      await assert.rejects(
        async () => attempt(),
        (error) => code('ENOENT')(error) && (error as Error).message.includes(gone),
      );
    }
  });

  check('what is missing is ENOENT with the path', (disk, root) => {
    const gone = `${root}/gone`;
    for (const attempt of [
      () => disk.readFileSync(gone),
      () => disk.statSync(gone),
      () => disk.volumeSync(gone),
      () => disk.listSync(gone),
      () => disk.renameSync(gone, `${root}/b`),
      () => disk.linkSync(gone, `${root}/b`),
      () => disk.removeFileSync(gone),
      () => disk.removeDirectorySync(gone),
      () => disk.syncDirectorySync(gone),
    ]) {
      assert.throws(attempt, (error) => code('ENOENT')(error) && (error as Error).message.includes(gone));
    }
  });

  check('a real path is absolute and plain, also of what does not exist', (disk, root) => {
    const real = disk.realPathSync(root);
    disk.makeDirectorySync(`${root}/x`);
    assert.equal(disk.realPathSync(`${root}/x/../x`), `${real}/x`);
    assert.equal(disk.realPathSync(`${root}/x/none/../gone/a`), `${real}/x/gone/a`);
  });

  check('an open file outlives its name', (disk, root) => {
    const file = disk.openSync(`${root}/a`, 'write');
    file.writeSync([bytes('abc')], 0);
    disk.renameSync(`${root}/a`, `${root}/b`);
    file.writeSync([bytes('d')], 3);
    disk.removeFileSync(`${root}/b`);
    const target = new Uint8Array(4);
    assert.equal(file.readSync(target, 0, 4, 0), 4);
    assert.equal(text(target), 'abcd');
    file.closeSync();
  });

  check('a lock is exclusive until its release', (disk, root) => {
    const release = disk.lockSync(`${root}/.lock`);
    assert.throws(() => disk.lockSync(`${root}/.lock`), code('ELOCKED'));
    release();
    disk.lockSync(`${root}/.lock`)();
  });
}
