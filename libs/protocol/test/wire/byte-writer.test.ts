import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/index.js';
import { varintSize, varlongSize } from '../../src/wire/byte-writer.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** One kind of value: how it is written, how it is read back. */
const KINDS = [
  fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('int8' as const), value: fc.integer({ min: -128, max: 127 }) }),
  fc.record({ kind: fc.constant('int16' as const), value: fc.integer({ min: -32768, max: 32767 }) }),
  fc.record({ kind: fc.constant('uint16' as const), value: fc.integer({ min: 0, max: 65535 }) }),
  fc.record({ kind: fc.constant('int32' as const), value: fc.integer() }),
  fc.record({ kind: fc.constant('uint32' as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('varint' as const), value: fc.integer() }),
  fc.record({ kind: fc.constant('unsignedVarint' as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('float64' as const), value: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant('int64' as const), value: int64 }),
  fc.record({ kind: fc.constant('varlong' as const), value: int64 }),
];

test('what is written is read back, wherever the slabs end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(...KINDS), { maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (items, slab) => {
        const writer = new ByteWriter(slab);
        for (const { kind, value } of items)
          (writer[kind] as (item: typeof value) => void).call(writer, value);
        const written = writer.finish();
        const reader = new ByteReader(written);
        for (const { kind, value } of items) assert.equal(reader[kind](), value);
        assert.equal(reader.remaining, 0);
      },
    ),
  );
});

test('messages that share a slab do not touch each other', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }), (messages) => {
      const writer = new ByteWriter(64);
      const finished = messages.map((message) => {
        writer.bytes(message);
        return writer.finish();
      });
      assert.deepEqual(
        finished.map((bytes) => [...bytes]),
        messages.map((bytes) => [...bytes]),
      );
    }),
  );
});

test('many bytes are attached uncopied, and stand in their place', () => {
  const large = new Uint8Array(20_000).fill(7);
  const write = (): ByteWriter => {
    const writer = new ByteWriter(64);
    writer.uint32(0);
    writer.attach(large);
    writer.int8(1);
    writer.setUint32(0, writer.length);
    return writer;
  };
  const parts = write().finishParts();
  assert.equal(parts[1], large);
  const whole = write().finish();
  assert.deepEqual(Buffer.concat(parts), Buffer.from(whole));
  assert.equal(new ByteReader(whole).uint32(), 20_005);
});

test('discard forgets the message, not the ones before', () => {
  const writer = new ByteWriter();
  writer.int8(1);
  const first = writer.finish();
  writer.int32(5);
  writer.attach(new Uint8Array(20_000));
  writer.discard();
  writer.int8(2);
  assert.deepEqual([...first, ...writer.finish()], [1, 2]);
});

test('sizes are those of the bytes written', () => {
  const edges = [7n, 14n, 21n, 28n, 31n, 32n, 35n, 42n, 49n, 56n, 62n, 63n].flatMap((bits) =>
    [-(2n ** bits), -(2n ** bits) - 1n, 2n ** bits - 1n, 2n ** bits].map((edge) => edge / 2n),
  );
  fc.assert(
    fc.property(fc.oneof(int64, fc.constantFrom(...edges)), (value) => {
      const writer = new ByteWriter();
      writer.varlong(value);
      assert.equal(varlongSize(value), writer.finish().length);
      const small = Number(BigInt.asIntN(32, value));
      writer.varint(small);
      assert.equal(varintSize(small), writer.finish().length);
    }),
    { numRuns: 2_000 },
  );
});

test('what a varlong has beyond 64 bits is lost, as in Kafka', () => {
  const reader = new ByteReader(Uint8Array.from([...Array<number>(9).fill(0xff), 0x7f]));
  assert.equal(reader.varlong(), -(2n ** 63n));
});
