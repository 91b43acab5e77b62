import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  auditLeaks,
  auditPattern,
  valueSource,
  type AuditSource,
  type LeakAuditProgress,
  type LeakQuestion,
} from '../../src/index.js';
import { ManualClock } from '@oubliette/runtime/testing';

const email = 'zebedee.qwyxley@example.org';
const question = { terms: ['Zebedee Qwyxley', email] };
const clock = new ManualClock();

const values = (name: string, contents: readonly (string | Uint8Array)[]): AuditSource =>
  valueSource({
    name,
    kind: 'cache',
    values: () => contents.map((content, index) => ({ place: `value ${index}`, content })),
  });

/** A source of one content in pieces. */
const stream = (name: string, pieces: () => Iterable<Uint8Array>): AuditSource => ({
  name,
  kind: 'export',
  async *entries() {
    async function* content(): AsyncGenerator<Uint8Array> {
      yield* pieces();
    }
    yield { place: 'whole', content: content() };
  },
});

const audit = (sources: readonly AuditSource[], asked: LeakQuestion = question) =>
  auditLeaks(sources, asked, { clock });

test('says which term stands where, in which form and how often, and of what is clean that it is', async () => {
  const report = await audit([
    values('a', ['nothing here', `${email} and ${email}, ZEBEDEE QWYXLEY`]),
    values('b', [new Uint8Array(0), 'Zebedee', 'Qwyxley']),
  ]);
  const finding = {
    source: 'a',
    kind: 'cache',
    place: 'value 1',
    pattern: null,
    form: 'utf-8',
    unpacked: false,
  };
  assert.deepEqual(report.findings, [
    { ...finding, term: 2, hits: 2 },
    { ...finding, term: 1, hits: 1 },
  ]);
  assert.equal(report.hits, 3);
  assert.deepEqual([report.clean, report.complete], [false, true]);
  assert.deepEqual(
    report.sources.map(({ name, entries, hits }) => ({ name, entries, hits })),
    [
      { name: 'a', entries: 2, hits: 3 },
      { name: 'b', entries: 3, hits: 0 },
    ],
  );
  assert.equal((await audit([values('b', ['Zebedee', 'Qwyxley'])])).clean, true);
});

test('tells neither the term nor what stands around it, also where a place is named after somebody', async () => {
  const named: AuditSource = {
    name: 'exports',
    kind: 'export',
    async *entries() {
      yield { place: `/exports/${email}.csv`, content: Buffer.from(`secret-neighbour ${email}`) };
      yield { place: `/exports/${email}.zip`, unseen: 'packed', failed: false };
    },
  };
  const report = await audit([named], { ...question, patterns: [auditPattern('email')] });
  assert.equal(report.findings.length, 2);
  assert.equal(report.unseen.length, 1);
  const told = JSON.stringify(report) + inspect(report, { depth: 9 });
  for (const secret of [email, 'secret-neighbour', 'zebedee']) assert.ok(!told.includes(secret));
  assert.match(told, /entry 1 \(its place is named with what was looked for\)/);
});

test('finds in a stream what lies across the border of its pieces, packed or not, wherever it is cut', async () => {
  const text = Buffer.from(`${'.'.repeat(70)}${email}${'.'.repeat(70)}`);
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(fc.nat(60), { maxLength: 12 }), async (packed, cuts) => {
      const bytes = packed ? gzipSync(text) : text;
      const report = await audit([
        stream('s', function* () {
          let from = 0;
          // One buffer for all, as a file is read.
          const piece = Buffer.alloc(200);
          for (const size of [...cuts, bytes.length]) {
            const read = bytes.copy(piece, 0, from, from + size);
            from += read;
            yield piece.subarray(0, read);
          }
        }),
      ]);
      assert.deepEqual(
        report.findings.map(({ term, unpacked, hits }) => ({ term, unpacked, hits })),
        [{ term: 2, unpacked: packed, hits: 1 }],
      );
    }),
    { numRuns: 60, seed: 5 },
  );
});

test('unpacks gzip and zlib, and names what it does not look into', async () => {
  const text = Buffer.from(`x${email}x`.repeat(40));
  let deep: Uint8Array = text;
  for (let depth = 0; depth < 4; depth++) deep = gzipSync(deep);
  const zip = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(20)]);
  const cut = gzipSync(text).subarray(0, -12);
  const damaged = gzipSync(Buffer.concat([text, Buffer.alloc(200_000, 'abc')]));
  damaged.fill(0xff, damaged.length - 8, damaged.length - 4);
  const report = await audit([
    values('packed', [deflateSync(text), deep, zip, cut, damaged, Buffer.from('789c79', 'hex')]),
  ]);
  assert.deepEqual(
    report.findings.map(({ place }) => place),
    ['value 0', 'value 3', 'value 4'],
  );
  assert.deepEqual(
    report.unseen.map(({ place, reason }) => `${place}: ${reason}`),
    [
      'value 1: gzip within 3 others: not looked into',
      'value 2: a zip archive: packed, not looked into',
      'value 4: damaged gzip: looked into up to about the damage',
    ],
  );
  assert.deepEqual([report.complete, report.sources[0]?.unseen], [true, 3]);
});

test('a gzip with something behind its end is looked through to the last byte', async () => {
  const packed = gzipSync('nothing');
  const report = await audit([
    stream('s', () => [
      packed,
      Buffer.from('some padding, then '),
      Buffer.alloc(300_000),
      Buffer.from(email),
    ]),
  ]);
  assert.deepEqual(
    report.findings.map(({ term, unpacked }) => ({ term, unpacked })),
    [{ term: 2, unpacked: false }],
  );
});

test('a source that fails is named with its code, the others are read, and nothing is called complete', async () => {
  const failing: AuditSource = {
    name: 'failing',
    kind: 'table',
    async *entries() {
      yield { place: 'row 1', content: Buffer.from(email) };
      throw Object.assign(new Error(`cannot read ${email}`), { code: 'DATABASE_UNREACHABLE' });
    },
  };
  const report = await audit([failing, values('after', ['clean'])]);
  assert.deepEqual([report.complete, report.hits], [false, 1]);
  assert.deepEqual(
    report.sources.map(({ name, failure }) => ({ name, failure })),
    [
      { name: 'failing', failure: 'DATABASE_UNREACHABLE' },
      { name: 'after', failure: null },
    ],
  );
  assert.ok(!JSON.stringify(report).includes(email));
});

test('counts all and keeps some: findings and gaps are bounded for each source', async () => {
  const many: AuditSource = {
    name: 'many',
    kind: 'topic',
    async *entries() {
      for (let index = 0; index < 5_000; index++) {
        yield { place: `record ${index}`, content: Buffer.from(email) };
        yield { place: `archive ${index}`, unseen: 'packed', failed: false };
      }
    },
  };
  const report = await auditLeaks([many, values('few', [email])], question, { clock, findingsPerSource: 7 });
  assert.deepEqual([report.hits, report.findings.length, report.unseen.length], [5_001, 8, 7]);
  assert.equal(report.sources[0]?.unseen, 5_000);
});

test('progress is told when a source begins and ends, and at most once in a while between', async () => {
  const ownClock = new ManualClock();
  const told: LeakAuditProgress[] = [];
  const slow: AuditSource = {
    name: 'slow',
    kind: 'topic',
    async *entries() {
      for (let index = 0; index < 30; index++) {
        ownClock.advance(100);
        yield { place: `record ${index}`, content: Buffer.alloc(10) };
      }
    },
  };
  await auditLeaks([slow], question, { clock: ownClock, onProgress: (progress) => told.push(progress) });
  assert.deepEqual(
    told.map(({ entries, bytes, done }) => [entries, bytes, done]),
    [
      [0, 0, false],
      [10, 100, false],
      [20, 200, false],
      [30, 300, false],
      [30, 300, true],
    ],
  );
});

test('stops when it is asked to, also within a packed stream', async () => {
  const stopping = new AbortController();
  const packed = gzipSync(Buffer.from(Array.from({ length: 60_000 }, (_, index) => index % 251)));
  const endless = stream('endless', function* () {
    for (let piece = 0; ; piece++) {
      if (piece === 3) stopping.abort(new Error('enough'));
      yield packed;
    }
  });
  const { signal } = stopping;
  await assert.rejects(auditLeaks([endless], question, { clock, signal }), { message: 'enough' });
});

test('refuses a question that means nothing, and names a term by its number', async () => {
  const source = values('one', ['x']);
  const refused = async (asked: LeakQuestion, message: RegExp, sources = [source]) =>
    assert.rejects(audit(sources, asked), (error: Error & { code: string }) => {
      assert.equal(error.code, 'AUDIT_QUESTION_INVALID');
      assert.match(error.message, message);
      return !error.message.includes('Qwyxley');
    });
  await refused({ terms: [] }, /Nothing to look for/);
  await refused({ terms: ['Qwyxley', 'Ann'] }, /Term 2 has 3 characters/);
  await refused({ terms: ['Qwyxley'.repeat(40)] }, /Term 1 has 280 characters/);
  await refused({ terms: Array.from({ length: 10_001 }, () => 'Qwyxley') }, /More than 10000 terms/);
  await refused({ terms: [], patterns: [auditPattern('x*')] }, /Pattern 1 matches an empty text/);
  await refused({ terms: ['Qwyxley'] }, /no source was declared/, []);
  await refused({ terms: ['Qwyxley'] }, /Two sources have one name/, [source, source]);
});
