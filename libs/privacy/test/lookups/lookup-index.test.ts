import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emailIndex } from '../../src/index.js';
import { indexesByName } from '../../src/lookups/lookup-index.js';

test('an address’s domain is folded, its local part where that is declared', () => {
  const [plain, folding] = [emailIndex(), emailIndex({ foldLocalPart: true })];
  for (const [address, exact, folded] of [
    [' Ann@Example.ORG\n', 'Ann@example.org', 'ann@example.org'],
    ['"A@B"@X.org', '"A@B"@x.org', '"a@b"@x.org'],
    ['Zoe\u0308@x.org', 'Zoë@x.org', 'zoë@x.org'],
    ['No Address', 'No Address', 'no address'],
    ['', '', ''],
  ] as const) {
    assert.equal(plain.normalise(address), exact);
    assert.equal(folding.normalise(address), folded);
    assert.equal(plain.normalise(exact), exact);
    assert.equal(folding.normalise(folded), folded);
  }
});

test('names that are no names, and one that is declared twice, are refused', () => {
  for (const name of ['', 'Email', 'e mail', '1st', 'x'.repeat(65)])
    assert.throws(() => indexesByName([emailIndex({ name })]), { code: 'LOOKUP_INDEX_INVALID' });
  assert.throws(() => indexesByName([emailIndex({ purpose: 'No' })]), { code: 'LOOKUP_INDEX_INVALID' });
  assert.throws(() => indexesByName([emailIndex(), emailIndex()]), { code: 'LOOKUP_INDEX_INVALID' });
  assert.equal(indexesByName([emailIndex(), emailIndex({ name: 'second' })]).size, 2);
});
