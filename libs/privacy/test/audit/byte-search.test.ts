import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteSearch, ByteSearchStream, type BytePattern } from '../../src/audit/byte-search.js';

const pattern = (text: string, foldsCase = false): BytePattern => ({
  bytes: Buffer.from(text, 'latin1'),
  foldsCase,
});

/** How often each stands there, the slow way. */
function naive(patterns: readonly BytePattern[], bytes: Buffer): number[] {
  return patterns.map(({ bytes: wanted, foldsCase }) => {
    const text = bytes.toString('latin1');
    const lower = (one: string) => one.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const plain = Buffer.from(wanted).toString('latin1');
    const [hay, needle] = foldsCase ? [lower(text), lower(plain)] : [text, plain];
    let count = 0;
    for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1)) count++;
    return count;
  });
}

function counts(patterns: readonly BytePattern[], search: (onFound: (one: BytePattern) => void) => void) {
  const found = new Map<BytePattern, number>();
  search((one) => found.set(one, (found.get(one) ?? 0) + 1));
  return patterns.map((one) => found.get(one) ?? 0);
}

// Few letters, so that patterns overlap, hold one another and share their four bytes.
const letters = fc
  .array(fc.constantFrom(...'abAB\0\xff'), { minLength: 4, maxLength: 9 })
  .map((all) => all.join(''));
const patternsOf = fc.array(fc.record({ text: letters, foldsCase: fc.boolean() }), {
  minLength: 1,
  maxLength: 12,
});
const textOf = fc.array(fc.constantFrom(...'abAB\0\xff'), { maxLength: 200 }).map((all) => all.join(''));

test('finds as often as indexOf does, at once and in pieces of any size', () => {
  fc.assert(
    fc.property(patternsOf, textOf, fc.array(fc.nat(40), { maxLength: 20 }), (given, text, cuts) => {
      const patterns = given.map(({ text: one, foldsCase }) => pattern(one, foldsCase));
      const bytes = Buffer.from(text, 'latin1');
      const search = new ByteSearch(patterns);
      const wanted = naive(patterns, bytes);
      assert.deepEqual(
        counts(patterns, (onFound) => search.find(bytes, onFound)),
        wanted,
      );
      const inPieces = counts(patterns, (onFound) => {
        const stream = new ByteSearchStream(search, onFound);
        let from = 0;
        for (const size of cuts) stream.push(bytes.subarray(from, (from += size)));
        stream.push(bytes.subarray(from));
        stream.end();
      });
      assert.deepEqual(inPieces, wanted);
    }),
    { numRuns: 500, seed: 7 },
  );
});

test('finds what stands across the border of its own window, wherever it lies', () => {
  const patterns = [pattern('needle-in-a-haystack'), pattern('NEEDLE', true)];
  const search = new ByteSearch(patterns);
  const window = 64 * 1024 + 4 * search.longest;
  for (let at = window - 2 * search.longest - 25; at < window + 25; at++) {
    const bytes = Buffer.alloc(window + 100);
    bytes.write('needle-in-a-haystack', at, 'latin1');
    const found = counts(patterns, (onFound) => {
      const stream = new ByteSearchStream(search, onFound);
      stream.push(bytes);
      stream.end();
    });
    assert.deepEqual(found, [1, 1], `at ${at}`);
  }
});

test('refuses a pattern that would be met by chance, and finds nothing without one', () => {
  assert.throws(() => new ByteSearch([pattern('abc')]), RangeError);
  const none = new ByteSearch<BytePattern>([]);
  none.find(Buffer.from('anything'), () => assert.fail());
  const stream = new ByteSearchStream(none, () => assert.fail());
  stream.push(Buffer.alloc(300_000));
  stream.end();
});
