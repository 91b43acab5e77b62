import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apis, ByteReader, ByteWriter, ProtocolError, type ProtocolErrorCode } from '../../src/index.js';
import { array, int32, int64, string, struct, structs } from '../../src/schema/field.js';
import { message, type Message } from '../../src/schema/message.js';
import { includesVersion } from '../../src/schema/versions.js';
import type { Encodable, Fields } from '../../src/schema/field.js';

const refused = (code: ProtocolErrorCode, path: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code && error.path.join('.') === path;

function encode<F extends Fields>(table: Message<F>, version: number, value: Encodable<F>): string {
  const writer = new ByteWriter();
  table.encode(version, writer, value);
  return Buffer.from(writer.finish()).toString('hex');
}

function decode<F extends Fields>(table: Message<F>, version: number, hex: string): unknown {
  return table.decode(version, new ByteReader(Buffer.from(hex, 'hex')));
}

const table = message(
  'Example',
  { versions: '0-3', flexible: '2+' },
  {
    name: string({ nullable: '1+' }),
    late: int32({ versions: '1+', default: -1 }),
    kept: int32({ versions: '1+', default: -1, ignorable: true }),
    items: structs({ id: int32(), labels: array(string()) }, { versions: '1+' }),
    tagged: int64({ versions: '2+', tag: 3, default: 7n }),
    inner: struct({ a: int32({ default: 1 }) }, { versions: '2+', tag: 1 }),
    maybe: struct({ a: int32() }, { versions: '3+', nullable: '3+', default: null }),
  },
);

describe('a field table', () => {
  test('gives every field, also of versions that lack it', () => {
    assert.deepEqual(decode(table, 0, '000161'), {
      name: 'a',
      late: -1,
      kept: -1,
      items: [],
      tagged: 7n,
      inner: { a: 1 },
      maybe: null,
    });
  });

  test('defaults that are objects are not shared', () => {
    const read = (): { items: unknown[] } => decode(table, 0, '000161') as { items: unknown[] };
    read().items.push('changed');
    assert.deepEqual(read().items, []);
  });

  test('tagged fields go only where they differ from their default, in the order of their tags', () => {
    const rest = { name: '', items: [] };
    assert.equal(
      encode(table, 2, { ...rest, tagged: 7n, inner: { a: 1 } }),
      '01' + 'ffffffff' + 'ffffffff' + '01' + '00',
    );
    assert.equal(
      encode(table, 2, { ...rest, tagged: 8n, inner: { a: 2 } }),
      '01' + 'ffffffff' + 'ffffffff' + '01' + '02' + '010500000002' + '00' + '03080000000000000008',
    );
  });

  test('tags that the table lacks are kept and written again', () => {
    const hex = '01' + 'ffffffff' + 'ffffffff' + '01' + '03' + '0002aabb' + '03080000000000000008' + '0901ff';
    const value = decode(table, 2, hex) as Encodable<(typeof table)['fields']>;
    assert.deepEqual(
      value.unknownTags?.map(({ tag, data }) => [tag, Buffer.from(data).toString('hex')]),
      [
        [0, 'aabb'],
        [9, 'ff'],
      ],
    );
    assert.equal(encode(table, 2, value), hex);
  });

  test('the size of a tag that the table has is not looked at, as in Kafka', () => {
    const start = '01' + 'ffffffff' + 'ffffffff' + '01' + '01';
    const value = decode(table, 2, start + '03' + '07' + '0000000000000008') as { tagged: bigint };
    assert.equal(value.tagged, 8n);
  });

  test('a nullable struct has a byte before it', () => {
    const start = '00' + 'ffffffff' + 'ffffffff' + '01';
    assert.equal(encode(table, 3, { name: null, items: [], maybe: null }), start + 'ff' + '00');
    assert.equal(
      encode(table, 3, { name: null, items: [], maybe: { a: 2 } }),
      start + '01' + '00000002' + '00' + '00',
    );
  });
});

describe('what does not fit', () => {
  test('null where the version has none', () => {
    assert.throws(() => encode(table, 0, { name: null }), refused('NULL_NOT_ALLOWED', 'name'));
    assert.throws(() => decode(table, 0, 'ffff'), refused('NULL_NOT_ALLOWED', 'name'));
    assert.throws(
      () => decode(table, 1, 'ffff' + '00000000' + '00000000' + 'ffffffff'),
      refused('NULL_NOT_ALLOWED', 'items'),
    );
  });

  test('a value for a field that the version lacks, unless it may be lost', () => {
    assert.throws(() => encode(table, 0, { name: '', late: 2 }), refused('FIELD_NOT_IN_VERSION', 'late'));
    assert.equal(encode(table, 0, { name: '', late: -1, kept: 2 }), '0000');
  });

  test('a value of the wrong type is named by its path, and never quoted', () => {
    const bad = { name: 'x', items: [{ id: 1, labels: ['fine', 4711 as unknown as string] }] };
    assert.throws(
      () => encode(table, 1, bad),
      (error) => refused('INVALID_VALUE', 'items.labels')(error) && !String(error).includes('4711'),
    );
    const missing = { items: [{ labels: [] }] } as unknown as { name: string; items: [] };
    assert.throws(() => encode(table, 1, { ...missing, name: 'x' }), refused('INVALID_VALUE', 'items.id'));
  });

  test('a string of more than 32,767 bytes, in compact form too, as in Kafka', () => {
    const long = 'é'.repeat(16_384);
    for (const version of [0, 2]) {
      assert.throws(() => encode(table, version, { name: long }), refused('VALUE_TOO_LONG', 'name'));
    }
    const longest = 'é'.repeat(16_383) + 'e';
    assert.equal(encode(table, 2, { name: longest, items: [] }).length > 65_000, true);
    assert.throws(() => decode(table, 2, '818002' + '61'.repeat(0x8000)), refused('INVALID_LENGTH', 'name'));
  });

  test('a version that is not served', () => {
    assert.throws(() => encode(table, 4, { name: '' }), refused('UNSUPPORTED_VERSION', ''));
    assert.throws(() => decode(table, -1, '0000'), refused('UNSUPPORTED_VERSION', ''));
  });

  test('a length below that of null is null, as in Kafka', () => {
    assert.throws(() => decode(table, 0, 'fffe'), refused('NULL_NOT_ALLOWED', 'name'));
    const rest = '00000000' + '00000000' + '00000000';
    assert.equal((decode(table, 1, '8000' + rest) as { name: unknown }).name, null);
  });

  test('a varint without an end', () => {
    assert.throws(() => decode(table, 2, 'ffffffffff01'), refused('INVALID_VARINT', 'name'));
  });
});

test('ranges of versions', () => {
  assert.deepEqual(
    [2, 3, 4].map((version) => includesVersion('3', version)),
    [false, true, false],
  );
  assert.deepEqual(
    [1, 2, 4, 5].map((version) => includesVersion('2-4', version)),
    [false, true, true, false],
  );
  assert.deepEqual(
    [2, 3, 99].map((version) => includesVersion('3+', version)),
    [false, true, true],
  );
  assert.throws(() => includesVersion('x' as '1', 1), TypeError);
});

test('bytes are views of the frame', () => {
  const frame = Buffer.from('0000' + '00000002' + 'abcd', 'hex');
  const { assignment } = apis.syncGroup.response.decode(0, new ByteReader(frame));
  frame[7] = 0xee;
  assert.deepEqual([...assignment], [0xab, 0xee]);
});
