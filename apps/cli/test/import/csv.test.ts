import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCsv } from '../../src/import/csv.js';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) {
    await Promise.resolve();
    yield text.slice(at, at + size);
  }
}

async function read(text: string, size = 7) {
  const rows: { line: number; fields: readonly string[] }[] = [];
  for await (const row of readCsv(pieces(text, size), 'f.csv')) rows.push(row);
  return rows;
}

test('reads quoted fields with commas, doubled quotes and line breaks, and knows on which line a row began', async () => {
  const text = '"a","b"\n1,"x, ""y"""\n"two\nlines",3\n\r\n4,\r\n';
  assert.deepEqual(await read(text), [
    { line: 1, fields: ['a', 'b'] },
    { line: 2, fields: ['1', 'x, "y"'] },
    { line: 3, fields: ['two\nlines', '3'] },
    { line: 5, fields: [''] },
    { line: 6, fields: ['4', ''] },
  ]);
});

test('a last row without a line break counts, an empty file has none', async () => {
  assert.deepEqual(await read('a,b'), [{ line: 1, fields: ['a', 'b'] }]);
  assert.deepEqual(await read('a\n""'), [
    { line: 1, fields: ['a'] },
    { line: 2, fields: [''] },
  ]);
  assert.deepEqual(await read(''), []);
});

test('what was written is what is read, wherever the chunks are cut', async () => {
  const field = fc.string({ maxLength: 6, unit: fc.constantFrom('a', ',', '"', '\n', '\r', 'ü', '😀', ' ') });
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 9 }),
      async (written, end, size) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = written.map((fields) => fields.map(quote).join(',') + end).join('');
        assert.deepEqual(
          (await read(text, size)).map(({ fields }) => fields),
          written,
        );
      },
    ),
  );
});

test('broken quoting is refused with file and line', async () => {
  await assert.rejects(read('a\n"b'), /f\.csv, line 2: a quote is not closed/);
  await assert.rejects(read('a\n"b"c\n'), /f\.csv, line 2: there is text after a closing quote/);
});
