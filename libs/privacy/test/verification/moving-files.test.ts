import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyFiles, type FilesReport } from '../../src/index.js';
import { KEY_TOPIC, LogDirFixture, batch, keyRecord, refOf, stem, tombstone } from './log-fixture.js';

const id = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';

/** Runs the next step just before the file is opened. */
function whenOpened(fixture: LogDirFixture, path: string, steps: readonly (() => void)[]): void {
  const { disk } = fixture;
  const open = disk.openSync.bind(disk);
  const left = [...steps];
  disk.openSync = (at, mode, permissions) => {
    if (mode === 'read' && at === `/logs/${path}`) left.shift()?.();
    return open(at, mode, permissions);
  };
}

function verify(fixture: LogDirFixture): Promise<FilesReport> {
  const users = [{ userRef: refOf(1), lifecycle: 1 }];
  return verifyFiles(fixture.disk, { logDirs: ['/logs'], keyTopic: KEY_TOPIC }, { users });
}

const [first, second] = [`keys-0/${stem(0)}.log`, `keys-0/${stem(10)}.log`];
const other = batch(0, [keyRecord(2)]);
const key = batch(10, [keyRecord(1)]);

function scene(): LogDirFixture {
  const fixture = new LogDirFixture();
  fixture.write(first, other);
  fixture.write(second, key);
  return fixture;
}

test('a segment that is renamed between listing and opening is read under its new name', async () => {
  const fixture = scene();
  whenOpened(fixture, second, [() => fixture.rename(second, `${second}.deleted`)]);
  const { verdict, keys, logDirs } = await verify(fixture);
  assert.equal(verdict, 'remains');
  assert.deepEqual(
    keys.first.map(({ file }) => file),
    [`${stem(10)}.log.deleted`],
  );
  const directory = logDirs[0]?.directories[1];
  assert.deepEqual(directory?.vanished, [`${stem(10)}.log`]);
  assert.deepEqual(directory?.waiting, [`${stem(10)}.log.deleted`]);
});

test('a segment that is unlinked between listing and opening is no error: it vanished', async () => {
  const fixture = scene();
  whenOpened(fixture, second, [() => fixture.disk.removeFileSync(`/logs/${second}`)]);
  const { verdict, logDirs } = await verify(fixture);
  assert.equal(verdict, 'clean');
  const directory = logDirs[0]?.directories[1];
  assert.deepEqual([directory?.vanished, directory?.unreadable], [[`${stem(10)}.log`], []]);
  assert.deepEqual(
    directory?.files.map(({ name }) => name),
    [`${stem(0)}.log`],
  );
});

test('a key that the cleaner copies into a segment that was read already is found there', async () => {
  const fixture = scene();
  // Both segments become one, under the name of the first, and the old files are unlinked at once.
  const merge = (): void => {
    fixture.write(`${first}.cleaned`, other, key);
    fixture.disk.removeFileSync(`/logs/${second}`);
    fixture.rename(`${first}.cleaned`, first);
  };
  whenOpened(fixture, second, [merge]);
  const { verdict, keys, logDirs } = await verify(fixture);
  assert.equal(verdict, 'remains');
  assert.deepEqual(
    keys.first.map(({ file, offset }) => [file, offset]),
    [[`${stem(0)}.log`, '10']],
  );
  assert.equal(logDirs[0]?.directories[1]?.files.length, 2, 'the old and the new file of one name');
});

test('a replica that is deleted or moved meanwhile is read under its new name', async () => {
  for (const moved of [`keys-0.${id}-delete`, `keys-0.${id}-stray`]) {
    const fixture = scene();
    whenOpened(fixture, first, [() => fixture.rename('keys-0', moved)]);
    const report = await verify(fixture);
    assert.equal(report.verdict, 'remains');
    assert.deepEqual(
      report.keys.first.map(({ directory }) => directory),
      [moved],
    );
    assert.ok(report.logDirs[0]?.isSettled);
  }
  const deleted = scene();
  deleted.rename('keys-0', `keys-0.${id}-delete`);
  const { logDirs } = await verify(deleted);
  assert.deepEqual(logDirs[0]?.directories[1]?.waiting, [`${stem(0)}.log`, `${stem(10)}.log`]);
});

test('a directory that goes away between its listing and that of its files makes it look again', async () => {
  const fixture = scene();
  const { disk } = fixture;
  const list = disk.listSync.bind(disk);
  const moved = `keys-9.${id}-stray`;
  disk.listSync = (path) => {
    if (path === '/logs/keys-0' && disk.existsSync(path)) fixture.rename('keys-0', moved);
    return list(path);
  };
  const { verdict, logDirs } = await verify(fixture);
  assert.equal(verdict, 'remains');
  assert.deepEqual(
    logDirs[0]?.directories.map(({ name, vanished }) => [name, vanished]),
    [
      ['', []],
      ['keys-0', ['.']],
      [moved, []],
    ],
  );
});

test('what comes and goes in a later look makes it look once more', async () => {
  const swap = `keys-0/${stem(20)}.log.swap`;
  const renamed = scene();
  whenOpened(renamed, second, [
    () => (renamed.write(swap, key), renamed.disk.removeFileSync(`/logs/${second}`)),
  ]);
  whenOpened(renamed, swap, [() => renamed.rename(swap, `keys-0/${stem(20)}.log`)]);
  const files = await verify(renamed);
  assert.deepEqual(
    [files.verdict, files.logDirs[0]?.directories[1]?.vanished],
    ['remains', [`${stem(10)}.log`, `${stem(20)}.log.swap`]],
  );

  const moved = scene();
  const { disk } = moved;
  whenOpened(moved, second, [
    () => (moved.write(`keys-1/${stem(0)}.log`, key), disk.removeFileSync(`/logs/${second}`)),
  ]);
  const list = disk.listSync.bind(disk);
  disk.listSync = (path) => {
    if (path === '/logs/keys-1' && disk.existsSync(path)) moved.rename('keys-1', `keys-1.${id}-delete`);
    return list(path);
  };
  const directories = await verify(moved);
  assert.deepEqual(
    directories.keys.first.map(({ directory }) => directory),
    [`keys-1.${id}-delete`],
  );
});

test('what never comes to rest is said, and not called clean', async () => {
  const fixture = new LogDirFixture();
  const content = batch(0, [tombstone(1)]);
  fixture.write(first, content);
  // A new file in the place of the old one, each time that it is looked at.
  whenOpened(
    fixture,
    first,
    Array.from({ length: 100 }, () => () => fixture.write(first, content)),
  );
  const { verdict, logDirs } = await verify(fixture);
  assert.deepEqual([verdict, logDirs[0]?.isSettled], ['unclear', false]);
});
