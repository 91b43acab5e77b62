import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineEventIds } from '../../src/import/line-event-ids.js';

const ids = new LineEventIds();
const lineEventId = (line: string): string => ids.of(line);

describe('LineEventIds', () => {
  it('is a UUID of version 8, the same for the same line and another for another', () => {
    const line = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.tuple(fc.string(), fc.nat({ max: 9_999_999_999 })).map(([name, number]) => `${name}:${number}`),
      fc.nat().map(String),
    );
    fc.assert(
      fc.property(line, line, (a, b) => {
        assert.match(lineEventId(a), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.equal(lineEventId(a) === lineEventId(b), a === b);
      }),
    );
  });

  it('sorts the blocks of a file as they stand in it, and gives every line of a file its own', () => {
    const all = Array.from({ length: 5_000 }, (_, n) => lineEventId(`studentVle.csv:${n + 1}`));
    assert.equal(new Set(all).size, all.length);
    const blockOf = (id: string) => id.slice(0, 18);
    const blocks = all.map(blockOf);
    assert.deepEqual(blocks, [...blocks].sort());
    assert.equal(new Set(blocks).size, Math.ceil(5_001 / 256));
    assert.ok(lineEventId('f.csv:4000000000') > lineEventId('f.csv:3999990000'));
  });

  it('stays what it is: ids of earlier imports must be found again', () => {
    assert.deepEqual(['studentVle-AAA-2013J.csv.gz:2', '7', 'no number'].map(lineEventId), [
      'd6ec2122-0000-8000-97eb-271a099513c4',
      '36d99a78-0000-8000-9d70-5f9b94666f3d',
      'b016f0ce-0000-8000-bb9c-7af78f222b54',
    ]);
  });
});
