import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { OffsetMap } from '../../../src/log/cleaner/offset-map.js';

const key = (name: number): Uint8Array => Buffer.from(`key-${name}`);

test('the map answers as a plain one does, up to its bound', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 200 }), fc.integer({ min: 2, max: 60 }), (puts, slots) => {
      const map = new OffsetMap(puts.length, slots * 24, 0.9);
      const model = new Map<number, bigint>();
      const bound = Math.floor(slots * 0.9);
      for (const [index, name] of puts.entries()) {
        assert.equal(map.isFull, model.size >= bound);
        if (map.isFull) break;
        map.put(key(name), BigInt(index));
        model.set(name, BigInt(index));
      }
      assert.equal(map.size, model.size);
      for (let name = 0; name <= 40; name++) assert.equal(map.get(key(name)), model.get(name) ?? -1n);
    }),
  );
});

test('24 bytes a key: as many keys as Kafka takes in, and no more', () => {
  const map = new OffsetMap(10_000, 24 * 1_000, 0.9);
  let taken = 0;
  for (; !map.isFull; taken++) map.put(key(taken), BigInt(taken));
  assert.equal(taken, 900);
  assert.throws(() => map.put(key(taken), 1n), RangeError);
});

test('offset 0 is an offset, and a full table ends its searches', () => {
  const map = new OffsetMap(1_000, 24 * 20, 1);
  for (let name = 0; !map.isFull; name++) map.put(key(name), 0n);
  assert.deepEqual([map.get(key(0)), map.get(key(999))], [0n, -1n]);
});
