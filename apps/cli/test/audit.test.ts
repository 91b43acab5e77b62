import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { oubliette } from './cli-harness.js';

const email = 'zebedee.qwyxley@example.org';

function diskWith(files: Readonly<Record<string, string | Uint8Array>>, permissions = 0o600): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const [path, content] of Object.entries(files)) {
    disk.makeDirectorySync(path.slice(0, path.lastIndexOf('/')));
    disk.replaceFileSync(path, Buffer.from(content), permissions);
  }
  return disk;
}

const leaks = (args: string, disk: SimulatedDisk, stdin = '') =>
  oubliette(['audit', 'leaks', ...args.split(' ')], { disk, stdin });

test('audit leaks finds in directories, exits 1, and tells progress but no term', async () => {
  const disk = diskWith({
    '/logs/app.log': `to ${email}`,
    '/logs/old/export.csv.gz': gzipSync(`1,${email}`),
    '/logs/clean.txt': 'nothing',
  });
  const { code, out, err } = await leaks('--terms - --dir /logs', disk, `Zebedee Qwyxley\r\n${email}\n`);
  assert.equal(code, 1);
  assert.match(out, /files +\/logs\/app\.log +term 2 +utf-8 +1\n/);
  assert.match(out, /files +\/logs\/old\/export\.csv\.gz +term 2 +utf-8, unpacked +1\n/);
  assert.match(out, /2 leaks were found\.\n$/);
  assert.match(err, /files: 6 entries, 0\.0 MB, done; 2 found so far\n/);
  assert.match(err, /topics are not looked into/);
  assert.match(err, /No sample has been started in \.\/data\. Tables/);
  assert.ok(!`${out}${err}`.includes('qwyxley'));
});

test('audit leaks exits 0 where nothing was found, with --json in one document', async () => {
  const disk = diskWith({ '/logs/app.log': 'clean', '/me/terms': `${email}\n` });
  const { code, out } = await leaks('--terms-file /me/terms --dir /logs --json', disk);
  assert.equal(code, 0);
  const report = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual([report['clean'], report['complete'], report['findings']], [true, true, []]);
});

test('audit leaks takes patterns, and does not repeat the text of one', async () => {
  const disk = diskWith({ '/logs/app.log': `to ${email} about Qwyxley-17` });
  const { code, out, err } = await leaks('--pattern email --pattern Qwyxley-\\d+ --dir /logs --json', disk);
  assert.equal(code, 1);
  const { findings } = JSON.parse(out) as { findings: { pattern: string }[] };
  assert.deepEqual(
    findings.map(({ pattern }) => pattern),
    ['email', 'expression 2'],
  );
  assert.ok(!`${out}${err}`.includes('wyxley'));
});

test('audit leaks warns of terms on the command line', async () => {
  const { code, err } = await leaks(`--term ${email} --dir /logs`, diskWith({ '/logs/a': 'x' }));
  assert.equal(code, 0);
  assert.match(err, /--term stands in the history of your shell/);
});

test('audit leaks refuses wrong usage with 2, and repeats no term', async () => {
  const disk = diskWith({ '/logs/app.log': 'x' });
  const shared = diskWith({ '/logs/terms': email }, 0o644);
  for (const [args, of, message] of [
    ['--dir /logs', disk, /Nothing to look for/],
    ['--term abc --dir /logs', disk, /Term 1 has 3 characters/],
    [`--term ${email} --dir /nowhere`, disk, /there is no \/nowhere/],
    [`--term ${email}`, disk, /No brokers/],
    [`--terms ${email} --dir /logs`, disk, /--terms takes - for standard input/],
    ['--terms-file /logs/terms --dir /logs', shared, /others may read .*chmod 600/],
    ['--terms-file /logs/none --dir /logs', disk, /there is no file/],
    ['--pattern ( --dir /logs', disk, /no regular expression/],
    ['--pattern (?=qwyxley) --dir /logs', disk, /leave out .* what looks ahead/],
  ] as const) {
    const { code, out, err } = await leaks(args, of);
    assert.equal(code, 2, args);
    assert.match(err, message);
    assert.equal(out, '');
    assert.ok(!err.includes('qwyxley'));
  }
});
