import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Needles, NeedleSearch } from '../../src/verification/needle-search.js';

/** All places of all needles, found the slow way. */
function places(needles: readonly Uint8Array[], bytes: Buffer): string[] {
  const found: string[] = [];
  for (const [number, needle] of needles.entries())
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1))
      found.push(`${number}@${at}`);
  return found.sort();
}

function search(needles: readonly Uint8Array[], pieces: readonly Uint8Array[]): string[] {
  const set = new Needles();
  for (const [number, bytes] of needles.entries()) set.add({ kind: 'secret', number, bytes });
  const found: string[] = [];
  const searching = new NeedleSearch(set, ({ number }, position) => void found.push(`${number}@${position}`));
  let position = 0;
  for (const piece of pieces) {
    searching.push(piece, position);
    position += piece.length;
  }
  return found.sort();
}

test('it finds what a plain search finds, once, in whatever pieces the bytes come', () => {
  // Few letters, so that needles overlap, begin alike and stand in one another.
  const few = (least: number, most: number) =>
    fc.array(fc.constantFrom(1, 2), { minLength: least, maxLength: most }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(
      fc.array(few(8, 14), { minLength: 1, maxLength: 5 }),
      fc.array(few(0, 40), { maxLength: 12 }),
      (needles, pieces) => {
        assert.deepEqual(search(needles, pieces), places(needles, Buffer.concat(pieces)));
      },
    ),
    { numRuns: 500 },
  );
});

test('a needle over three pieces, in the first byte and in the last one', () => {
  const needle = Buffer.from('0123456789abcdef');
  const bytes = Buffer.concat([needle, Buffer.alloc(5), needle, needle]);
  for (let size = 1; size < bytes.length; size++) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    assert.deepEqual(search([needle], pieces), ['0@0', '0@21', '0@37'], `pieces of ${size}`);
  }
});

test('pieces that do not follow one another are not put together', () => {
  const set = new Needles();
  set.add({ kind: 'secret', number: 0, bytes: Buffer.from('12345678') });
  const found: number[] = [];
  const searching = new NeedleSearch(set, (_, position) => void found.push(position));
  searching.push(Buffer.from('1234'), 0);
  searching.push(Buffer.from('5678'), 100);
  assert.deepEqual(found, []);
});

test('a needle that is learned on the way is found from there on, one that is too short is refused', () => {
  const set = new Needles();
  const found: number[] = [];
  const searching = new NeedleSearch(set, (_, position) => void found.push(position));
  searching.push(Buffer.from('12345678'), 0);
  set.add({ kind: 'kid', number: 0, bytes: Buffer.from('12345678') });
  searching.push(Buffer.from('12345678'), 8);
  assert.deepEqual(found, [8]);
  assert.throws(() => set.add({ kind: 'secret', number: 1, bytes: Buffer.from('1234567') }), RangeError);
});
