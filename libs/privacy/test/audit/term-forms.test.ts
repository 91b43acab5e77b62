import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { auditLeaks, valueSource, type LeakReport } from '../../src/index.js';
import { ManualClock } from '@oubliette/runtime/testing';

async function look(term: string, content: string | Uint8Array): Promise<LeakReport> {
  const source = valueSource({ name: 'one', kind: 'cache', values: () => [{ place: 'here', content }] });
  return auditLeaks([source], { terms: [term] }, { clock: new ManualClock() });
}

async function formIn(term: string, content: string | Uint8Array): Promise<(string | null)[]> {
  return (await look(term, content)).findings.map(({ form }) => form);
}

const term = 'Zoë Müller/7';

test('text in any capitals, also of letters beyond ASCII, composed or not', async () => {
  for (const text of ['Zoë Müller/7', 'zoË mÜLLER/7', 'ZOË MüLLER/7', 'zoë müller/7'.normalize('NFD')])
    assert.deepEqual(await formIn(term, `… ${text} …`), ['utf-8'], text);
  assert.deepEqual(await formIn(term, 'Zoe Muller/7'), []);
  const many = 'äöüßéèêç-name';
  for (const text of [many, many.toUpperCase(), many.toLowerCase()])
    assert.deepEqual(await formIn(many, text), ['utf-8']);
});

test('UTF-16 of both orders, at an odd place too', async () => {
  const wide = Buffer.from(`x${term.toUpperCase()}x`, 'utf16le');
  assert.deepEqual(await formIn(term, wide), ['utf-16']);
  assert.deepEqual(await formIn(term, Buffer.concat([Buffer.alloc(1), Buffer.from(wide).swap16()])), [
    'utf-16',
  ]);
  const slavic = Buffer.from('Łódź', 'utf16le');
  for (const bytes of [slavic, Buffer.from(slavic).swap16()])
    assert.deepEqual(await formIn('łódŹ', bytes), ['utf-16']);
});

test('escapes of JSON, also within a JSON text, with or without those of the slash', async () => {
  const ascii = 'Zo\\u00eb M\\u00FCller/7';
  for (const text of [ascii, ascii.replace('/', '\\/'), JSON.stringify(ascii)])
    assert.deepEqual(await formIn(term, `{"name":"${text}"}`), ['json'], text);
  assert.deepEqual(await formIn('say "hello"', JSON.stringify({ text: 'say "hello"' })), ['json']);
});

test('escapes of addresses and forms', async () => {
  for (const text of ['Zo%C3%AB%20M%c3%bcller%2F7', 'Zo%C3%AB+M%C3%BCller%2F7', 'Zo%C3%AB%20M%C3%BCller/7'])
    assert.deepEqual(await formIn(term, `GET /find?name=${text} HTTP/1.1`), ['percent'], text);
  assert.deepEqual(await formIn('ann@example.org', 'email=ann%40example.org'), ['percent']);
});

test('hex and base64, given or in other capitals', async () => {
  for (const spelling of [term, term.toLowerCase(), term.toUpperCase()]) {
    const bytes = Buffer.from(spelling, 'utf8');
    for (const hex of [bytes.toString('hex'), bytes.toString('hex').toUpperCase()])
      assert.deepEqual(await formIn(term, `0x${hex}`), ['hex']);
    assert.deepEqual(await formIn(term, bytes.toString('base64')), ['base64']);
  }
});

test('base64 of both alphabets, whatever stands before and after: found, and otherwise nothing is', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const terms = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(terms, text, text, async (wanted, before, after) => {
      const whole = Buffer.from(before + wanted + after, 'utf8');
      for (const encoding of ['base64', 'base64url'] as const) {
        const report = await look(wanted, whole.toString(encoding));
        assert.ok(report.findings.some(({ form }) => form === 'base64'));
      }
      assert.ok((await look('no such name as this', whole)).clean);
    }),
    { numRuns: 150, seed: 11 },
  );
});

test('what is packed with gzip is unpacked, also twice', async () => {
  const { findings } = await look(term, gzipSync(gzipSync(`a line with ${term}`)));
  assert.deepEqual(
    findings.map(({ form, unpacked }) => ({ form, unpacked })),
    [{ form: 'utf-8', unpacked: true }],
  );
});
