import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { auditLeaks, fileSource, type LeakReport } from '../../src/index.js';
import { ManualClock, SimulatedDisk } from '@oubliette/runtime/testing';

const email = 'zebedee.qwyxley@example.org';

function diskWith(files: Readonly<Record<string, string | Uint8Array>>): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const [path, content] of Object.entries(files)) {
    disk.makeDirectorySync(path.slice(0, path.lastIndexOf('/')));
    disk.replaceFileSync(path, Buffer.from(content));
  }
  return disk;
}

async function look(
  disk: SimulatedDisk,
  paths: readonly string[],
  mayBeMissing = false,
): Promise<LeakReport> {
  const source = fileSource({ name: 'files', disk, paths, mayBeMissing });
  return auditLeaks([source], { terms: [email] }, { clock: new ManualClock() });
}

const places = ({ findings }: LeakReport) => findings.map(({ place, form }) => `${place} ${form}`).sort();

test('finds what was planted in a log, in an export packed with gzip, in UTF-16, and across the pieces it reads', async () => {
  const across = Buffer.alloc(200_000, '.');
  for (const border of [65_536, 131_072]) across.write(email, border - 10);
  const files = {
    '/data/app.log': `info: mail to ${email}\n`,
    '/data/old/export.csv.gz': gzipSync(`id,email\n1,${email}\n`),
    '/data/old/sheet.txt': Buffer.from(email, 'utf16le'),
    '/data/old/large.bin': across,
    '/data/old/clean.txt': 'nothing',
    '/data/empty': '',
  };
  const report = await look(diskWith(files), ['/data']);
  assert.deepEqual(places(report), [
    '/data/app.log utf-8',
    '/data/old/export.csv.gz utf-8',
    '/data/old/large.bin utf-8',
    '/data/old/sheet.txt utf-16',
  ]);
  assert.equal(report.findings.find(({ place }) => place.endsWith('large.bin'))?.hits, 2);
  assert.equal(report.complete, true);
  const clean = Object.fromEntries(Object.entries(files).map(([path]) => [path, 'nothing at all']));
  assert.equal((await look(diskWith(clean), ['/data'])).clean, true);
});

test('a file that is named after somebody is found, and its name is not repeated', async () => {
  const report = await look(diskWith({ [`/data/export-${email}.csv`]: 'empty by now' }), ['/data']);
  assert.equal(report.hits, 1);
  assert.ok(!JSON.stringify(report).includes(email));
});

test('a declared path that is not there makes the audit incomplete, but where it may be missing', async () => {
  const disk = diskWith({ '/data/sample.db': 'x' });
  const paths = ['/data/sample.db', '/data/sample.db-wal'];
  const report = await look(disk, paths);
  assert.equal(report.complete, false);
  assert.deepEqual(report.unseen, [
    { source: 'files', place: '/data/sample.db-wal', reason: 'does not exist' },
  ]);
  assert.equal((await look(disk, paths, true)).complete, true);
});

test('one file may be named as well as a directory, with or without a slash', async () => {
  const disk = diskWith({ '/data/a.log': email, '/data/b.log': email });
  assert.deepEqual(places(await look(disk, ['/data/b.log'])), ['/data/b.log utf-8']);
  assert.deepEqual(places(await look(disk, ['/data/'])), ['/data/a.log utf-8', '/data/b.log utf-8']);
});
