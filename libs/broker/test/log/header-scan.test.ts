import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { scanBatches } from '../../src/log/batch-scan.js';
import { scanHeaders } from '../../src/log/header-scan.js';
import { batch, startMs } from './fixture.js';

/** A file of batches with records of these lengths, cut or spoilt as told. */
function fileOf(lengths: readonly number[], spoil: (content: Buffer) => Buffer) {
  const disk = new SimulatedDisk();
  const content = Buffer.concat(lengths.map((length) => batch([['k', 'x'.repeat(length)]], startMs)));
  const spoilt = spoil(content);
  const file = disk.openSync('/a.log', 'write');
  file.writeSync([spoilt], 0);
  return file;
}

test('headers alone tell of the same batches as the batches themselves, whatever stands in the file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.nat(100), fc.nat(6_000)), { maxLength: 60 }),
      fc.option(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { nil: null }),
      fc.nat(3),
      async (lengths, flip, cut) => {
        const file = fileOf(lengths, (content) => {
          if (flip !== null && content.length > 0) content[flip.at % content.length] = flip.byte;
          return cut === 0 ? content.subarray(0, Math.max(0, content.length - 30)) : content;
        });
        const seen: Record<'batches' | 'headers', string[]> = { batches: [], headers: [] };
        const visit = (into: string[]) => (found: { nextOffset: bigint; sizeBytes: number }) =>
          into.push(`${found.nextOffset}/${found.sizeBytes}`) < 50;
        const ends = [
          await scanBatches(file, 0, file.size(), visit(seen.batches)),
          await scanHeaders(file, 0, file.size(), visit(seen.headers)),
        ];
        assert.deepEqual(seen.headers, seen.batches);
        assert.equal(ends[1], ends[0]);
      },
    ),
    { numRuns: 150 },
  );
});

test('a walk reads far less than the batches it passes, and lets others run on a long way', async () => {
  const file = fileOf(
    Array.from({ length: 40 }, () => 50_000),
    (content) => content,
  );
  let [bytes, waits] = [0, 0];
  const readSync = file.readSync.bind(file);
  file.readSync = (...args) => {
    const length = readSync(...args);
    bytes += length;
    return length;
  };
  const read = file.read.bind(file);
  file.read = (...args) => (waits++, read(...args));
  assert.equal(await scanHeaders(file, 0, file.size(), () => true), file.size());
  assert.ok(bytes < file.size() / 20, `${bytes} of ${file.size()}`);
  assert.ok(waits > 0);
});
