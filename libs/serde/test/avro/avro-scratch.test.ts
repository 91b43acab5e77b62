import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import { createAvroSerde } from '../../src/avro/avro-field.js';
import { AvroScratch } from '../../src/avro/avro-scratch.js';

const text = avro.Type.forSchema('string');
const prefix = Uint8Array.of(0xc3, 1, 2);

/** What `use` saw, and the memory it saw it in. */
function encoded(scratch: AvroScratch, value: unknown): { bytes: Buffer; memory: Buffer } {
  return scratch.encode(text, prefix, value, (memory, length) => ({
    bytes: Buffer.from(memory.subarray(0, length)),
    memory,
  }));
}

test('a scratch gives prefix and value, and is zero afterwards', () => {
  const scratch = new AvroScratch();
  const { bytes, memory } = encoded(scratch, 'a personal value, ü');
  assert.deepEqual(bytes, Buffer.concat([prefix, text.toBuffer('a personal value, ü')]));
  assert.equal(memory.includes('personal'), false);
  assert.equal(encoded(scratch, 'another').memory, memory);
});

test('a scratch grows with its values, but does not keep what grew far', () => {
  const scratch = new AvroScratch();
  for (const length of [1000, 1022, 1023, 1024, 5000, 60_000, 70_000, 3_000_000, 10]) {
    const value = 'x'.repeat(length);
    const { bytes, memory } = encoded(scratch, value);
    assert.deepEqual(bytes, Buffer.concat([prefix, text.toBuffer(value)]), `${length}`);
    assert.ok(memory.every((byte) => byte === 0));
  }
  assert.ok(encoded(scratch, '').memory.length <= 64 * 1024);
});

test('a value that does not fit leaves nothing of what was written before it', () => {
  const type = avro.Type.forSchema({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'first', type: 'string' },
      { name: 'second', type: 'int' },
    ],
  });
  const scratch = new AvroScratch();
  const { memory } = encoded(scratch, '');
  assert.throws(() => scratch.encode(type, prefix, { first: 'personal', second: 'no number' }, () => 0));
  assert.ok(memory.every((byte) => byte === 0));
  assert.throws(
    () =>
      scratch.encode(text, prefix, 'personal', () => {
        throw new RangeError('of the caller');
      }),
    RangeError,
  );
  assert.ok(memory.every((byte) => byte === 0));
});

test('bytes are decoded from a scratch, which is zero afterwards, whatever happens', () => {
  const scratch = new AvroScratch();
  const { memory } = encoded(scratch, '');
  for (const length of [0, 3, 1024, 1025]) {
    const bytes = new Uint8Array(length).fill(7);
    const seen = scratch.decode(bytes, (place) => {
      if (length <= 1024) assert.equal(place, memory);
      return place.subarray(0, length).every((byte) => byte === 7);
    });
    assert.ok(seen);
    assert.ok(memory.every((byte) => byte === 0));
  }
  assert.throws(
    () =>
      scratch.decode(Uint8Array.of(1, 2), () => {
        throw new RangeError('of the caller');
      }),
    RangeError,
  );
  assert.ok(memory.every((byte) => byte === 0));
});

test('no value is read over the end of its bytes into what is behind them', () => {
  const serde = createAvroSerde(text);
  const whole = serde.serialize('personal');
  assert.equal(serde.deserialize(whole), 'personal');
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => serde.deserialize(whole.slice(0, length)), { code: 'VALUE_INVALID' }, `${length}`);
  assert.throws(() => serde.deserialize(Uint8Array.of(...whole, 0)), { code: 'VALUE_INVALID' });
});
