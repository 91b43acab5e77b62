import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditLeaks, auditPattern, type AuditSource } from '../../src/index.js';
import { SystemClock } from '@oubliette/runtime';

const email = 'zebedee.qwyxley@example.org';
const megabyte = 1024 * 1024;

/** 100 MB as one content, and as much in records of a kilobyte; something planted at the end of each. */
const large: AuditSource = {
  name: 'large',
  kind: 'file',
  async *entries() {
    async function* content(): AsyncGenerator<Uint8Array> {
      const piece = Buffer.alloc(64 * 1024, 'the quick brown fox, 12:30:45 ');
      for (let written = 0; written < 100 * megabyte; written += piece.length) yield piece;
      yield Buffer.from(email);
    }
    yield { place: 'one content', content: content() };
    const record = Buffer.alloc(1024, 'jumps over the lazy dog; ');
    for (let written = 0; written < 100 * megabyte; written += record.length)
      yield { place: 'record', content: record };
    yield { place: 'last record', content: Buffer.from(email) };
  },
};

test('200 MB are looked through in a few of memory, for 500 terms and a pattern', async () => {
  const terms = [email, ...Array.from({ length: 499 }, (_, index) => `person-${index}@example.com`)];
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = used();
  let most = 0;
  const report = await auditLeaks(
    [large],
    { terms, patterns: [auditPattern('iban')] },
    { clock: new SystemClock(), progressMs: 50, onProgress: () => (most = Math.max(most, used())) },
  );
  assert.deepEqual(
    report.findings.map(({ place, term }) => ({ place, term })),
    [
      { place: 'one content', term: 1 },
      { place: 'last record', term: 1 },
    ],
  );
  assert.ok(report.sources[0]!.bytes > 200 * megabyte);
  // The young generation of the heap fills before it is swept; 200 MB that were kept would show.
  assert.ok(most - before < 100 * megabyte, `${Math.round((most - before) / megabyte)} MB`);
});
