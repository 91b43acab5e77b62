import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { oubliette, realClock } from '../cli-harness.js';
import { FakeSample, type Answered, type Asked } from '../fake-sample.js';

const file = '{"body":{"number":205},"text":"ü"}';
const chain = Array.from({ length: 205 }, (_, index) => `{"body":{"number":${index + 1}}}`);

/** Answers as an application with 205 certificates does. */
function application({ path, accept }: Asked): Answered {
  const { pathname, searchParams } = new URL(path, 'http://sample');
  if (pathname === '/privacy/erasures/e%201/certificate')
    return { status: 200, text: accept === 'text/html' ? '<h1>Certificate</h1>' : file };
  if (pathname !== '/privacy/certificates') return { status: 404, body: { code: 'ERASURE_UNKNOWN' } };
  const after = Number(searchParams.get('after'));
  const page = chain.slice(after, after + Number(searchParams.get('limit')));
  return { status: 200, text: page.map((line) => `${line}\n`).join('') };
}

async function fetched(args: readonly string[], answer: (asked: Asked) => Answered = application) {
  const sample = await FakeSample.start(answer);
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/c/directory');
  // An older chain, and what a crash left of one.
  for (const path of ['/c/chain', '/c/chain.part'])
    disk.replaceFileSync(path, Buffer.from('x'.repeat(100_000)));
  try {
    const all = ['certificate', 'fetch', ...args, '--data-dir', '/data'];
    const ran = await oubliette(all, { files: sample.files, disk, clock: realClock() });
    const text = (path: string) => Buffer.from(disk.readFileSync(path)).toString('utf8');
    return { ...ran, disk, text, asked: sample.asked };
  } finally {
    await sample.stop();
  }
}

test('certificate fetch writes the file byte for byte, the page, and the whole chain', async () => {
  const { code, err, out, text, asked } = await fetched([
    'e 1',
    '--out',
    '/c/file',
    '--page',
    '/c/page',
    '--chain',
    '/c/chain',
    '--json',
  ]);
  assert.equal(code, 0, err);
  assert.equal(text('/c/file'), file);
  assert.equal(text('/c/page'), '<h1>Certificate</h1>');
  assert.equal(text('/c/chain'), `${chain.join('\n')}\n`);
  assert.deepEqual(JSON.parse(out), {
    out: '/c/file',
    page: '/c/page',
    chain: '/c/chain',
    certificates: 205,
  });
  assert.ok(asked.every(({ method }) => method === 'GET'));
});

test('certificate fetch leaves the files as they were where the application refuses', async () => {
  const refused = await fetched(['e-2', '--out', '/c/chain']);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /404: ERASURE_UNKNOWN\.\n$/);
  assert.equal(refused.text('/c/chain').length, 100_000);
  const broken = await fetched(['e 1', '--out', '/c/file', '--chain', '/c/chain'], (asked) =>
    asked.path.includes('after=100')
      ? { status: 503, body: { code: 'KAFKA_UNAVAILABLE' } }
      : application(asked),
  );
  assert.equal(broken.code, 1);
  assert.match(broken.err, /KAFKA_UNAVAILABLE/);
  assert.ok(!broken.disk.existsSync('/c/chain.part'));
  assert.equal(broken.text('/c/chain').length, 100_000);
});

test('certificate fetch to where no file can be is wrong usage, and asks nobody', async () => {
  for (const args of [
    ['e-1'],
    ['', '--out', '/c/file'],
    ['e-1', '--out', ''],
    ['e-1', '--out', '/nowhere/file'],
    ['e-1', '--out', '/c/directory'],
    ['e-1', '--out', '/c/file', '--chain', '/nowhere/file'],
  ]) {
    const { code, err, asked } = await fetched(args);
    assert.equal(code, 2, args.join(' '));
    assert.notEqual(err, '');
    assert.equal(asked.length, 0);
  }
});
