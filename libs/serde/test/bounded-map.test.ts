import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BoundedMap } from '../src/bounded-map.js';

test('the entries that were set last stay, and only they', () => {
  const steps = fc.array(fc.record({ key: fc.nat(6), is: fc.constantFrom('set', 'get', 'delete') }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (most, taken) => {
      const map = new BoundedMap<number, number>(most);
      let expected: { key: number; value: number }[] = [];
      for (const [value, { key, is }] of taken.entries()) {
        const others = expected.filter((entry) => entry.key !== key);
        if (is === 'get') map.get(key);
        else if (is === 'delete') map.delete(key);
        else map.set(key, value);
        if (is === 'delete') expected = others;
        if (is === 'set') expected = [...others, { key, value }].slice(-most);
        for (let each = 0; each <= 6; each++) {
          const entry = expected.find((one) => one.key === each);
          assert.equal(map.get(each), entry?.value);
          assert.equal(map.has(each), entry !== undefined);
        }
      }
    }),
  );
});
