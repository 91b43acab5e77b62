import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entropyContract, SeededEntropy } from '../../src/testing/index.js';

entropyContract(() => new SeededEntropy(42));

test('the same seed gives the same bytes, another seed others', () => {
  const draw = (seed: number): Uint8Array => {
    const target = new Uint8Array(32);
    new SeededEntropy(seed).fill(target);
    return target;
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});
