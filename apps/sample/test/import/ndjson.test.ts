import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ndjsonLines, type NdjsonLine } from '../../src/import/ndjson.js';

async function linesOf(chunks: readonly Uint8Array[]): Promise<NdjsonLine[]> {
  const lines: NdjsonLine[] = [];
  async function* stream() {
    yield* chunks;
  }
  for await (const line of ndjsonLines(stream())) lines.push(line);
  return lines;
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const ends = [...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe('ndjsonLines', () => {
  it('gives the same lines however the bytes are cut, umlauts included', async () => {
    const text = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '')));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat()), fc.boolean(), async (lines, at, ended) => {
        const bytes = Buffer.from(lines.join('\n') + (ended ? '\n' : ''));
        const expected = lines
          .map((line, index) => ({ number: index + 1, text: line }))
          .filter((line) => line.text.trim() !== '');
        assert.deepEqual(await linesOf(cut(bytes, at)), expected);
      }),
    );
  });

  it('refuses a line that is too long before it is whole, and one that is not UTF-8', async () => {
    const tooLong = { number: 2, field: 'line' };
    const chunks = [Buffer.from('{}\n'), ...Array.from({ length: 20 }, () => Buffer.alloc(4096, 97))];
    await assert.rejects(linesOf(chunks), tooLong);
    await assert.rejects(linesOf([Buffer.from(`{}\n${'a'.repeat(70_000)}\n`)]), tooLong);
    await assert.rejects(linesOf([Buffer.from('{}\n'), Buffer.of(0xff, 0x0a)]), tooLong);
  });
});
