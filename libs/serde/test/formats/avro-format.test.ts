import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import avro from 'avsc';
import { openTestKeyring } from '@oubliette/keyring/testing';
import {
  createAvroFormat,
  createDocumentSchemas,
  createEventCodec,
  isErased,
  parseAvroSchema,
} from '../../src/index.js';
import type { EncodedRecord, EventCodec, EventSpec } from '../../src/index.js';

const eventId = '00000000-0000-4000-8000-000000000001';
const spec: EventSpec = { stream: 's', type: 'T', userIdPath: 'id', personalPaths: ['home.city'] };
const enc = (of: unknown) => ({ type: 'bytes', logicalType: 'oubliette-encrypted', of });
const home = (city: unknown) => ({ type: 'record', name: 'Home', fields: [{ name: 'city', type: city }] });
const schema = (fields: readonly object[]) => ({ type: 'record', name: 'T', namespace: 'school', fields });
const v1 = schema([
  { name: 'id', type: enc('string') },
  { name: 'home', type: ['null', home(['null', enc('int')])], default: null },
  { name: 'course', type: 'string' },
]);
// The inner type widens from int to long, and a field is added: both by Avro's rules of resolution.
const v2 = schema([
  { name: 'id', type: enc('string') },
  { name: 'home', type: ['null', home(['null', enc('long')])], default: null },
  { name: 'course', type: 'string' },
  { name: 'site', type: 'int', default: 42 },
]);
const source = (...schemas: object[]) =>
  createDocumentSchemas(schemas.map((one, index) => ({ name: `${index}.avsc`, text: JSON.stringify(one) })));

async function codecs(...versions: object[][]): Promise<EventCodec[]> {
  const keyring = await openTestKeyring();
  return versions.map((schemas) =>
    createEventCodec({ keyring, format: createAvroFormat(source(...schemas)) }),
  );
}

describe('the Avro format', () => {
  it('is Avro single-object encoding, in which a plain reader sees bytes', async () => {
    const [codec] = await codecs([v1]);
    const value = { id: 'ann', home: { city: 7 }, course: 'AAA' };
    const [record] = (await codec?.encode([{ spec, value, eventId }])) as EncodedRecord[];
    const bytes = Buffer.from(record?.value as Uint8Array);
    assert.equal(bytes.subarray(0, 2).toString('hex'), 'c301');
    const plain = avro.Type.forSchema(v1 as never).fromBuffer(bytes.subarray(10)) as Record<string, unknown>;
    assert.ok(Buffer.isBuffer(plain['id']));
    assert.ok(Buffer.isBuffer((plain['home'] as Record<string, unknown>)['city']));
    assert.equal(plain['course'], 'AAA');
    assert.equal(bytes.includes('ann'), false);
  });

  it('leaves null outside of the encryption, and erases what is inside', async () => {
    const keyring = await openTestKeyring();
    const codec = createEventCodec({ keyring, format: createAvroFormat(source(v1)) });
    const values = [
      { id: 'ann', home: null, course: 'A' },
      { id: 'ann', home: { city: null }, course: 'A' },
      { id: 'ann', home: { city: 1 }, course: 'A' },
    ];
    const records = await codec.encode(values.map((value) => ({ spec, value, eventId })));
    const read = await codec.decode<(typeof values)[number]>(spec, records);
    assert.deepEqual(
      read.map((result) => result.outcome === 'event' && result.event.value),
      values,
    );
    await keyring.forget(keyring.userRef('ann'));
    const erased = await codec.decode<(typeof values)[number]>(spec, records);
    const homes = erased.map((result) => (result.outcome === 'event' ? result.event.value.home : 'no event'));
    assert.equal(homes[0], null);
    assert.deepEqual(homes[1], { city: null });
    assert.ok(isErased((homes[2] as { city: unknown }).city));
  });

  it('reads more writers’ schemas in one batch than it keeps at hand, and each again alone', async () => {
    const keyring = await openTestKeyring();
    const versions = Array.from({ length: 20 }, (_, index) =>
      schema([
        { name: 'id', type: enc('string') },
        { name: 'course', type: 'string' },
        { name: `extra${index}`, type: 'int', default: index },
      ]),
    );
    const plain: EventSpec = { ...spec, personalPaths: [] };
    const records: EncodedRecord[] = [];
    for (const version of versions) {
      const codec = createEventCodec({ keyring, format: createAvroFormat(source(version)) });
      const value = { id: 'ann', course: `course ${records.length}` };
      records.push(...(await codec.encode([{ spec: plain, value, eventId }])));
    }
    const reader = createEventCodec({ keyring, format: createAvroFormat(source(...versions)) });
    const coursesOf = async (batch: readonly EncodedRecord[]) =>
      (await reader.decode<{ course: string }>(plain, batch)).map(
        (result) => result.outcome === 'event' && result.event.value.course,
      );
    const expected = records.map((_, index) => `course ${index}`);
    assert.deepEqual(await coursesOf(records), expected);
    for (const [index, record] of records.entries())
      assert.deepEqual(await coursesOf([record]), [expected[index]]);
    assert.deepEqual(await coursesOf(records), expected);
  });

  it('reads values of an older schema as the current one, encrypted fields too', async () => {
    const [old, current] = await codecs([v1], [v1, v2]);
    const records =
      (await old?.encode([{ spec, value: { id: 'ann', home: { city: 7 }, course: 'A' }, eventId }])) ?? [];
    const [decoded] = (await current?.decode(spec, records)) ?? [];
    assert.deepEqual(decoded?.outcome === 'event' && decoded.event.value, {
      id: 'ann',
      home: { city: 7 },
      course: 'A',
      site: 42,
    });
  });

  it('refuses a value of an unknown schema, or that does not resolve', async () => {
    const narrowed = schema([
      { name: 'id', type: enc('string') },
      { name: 'home', type: home(enc('int')) },
      { name: 'other', type: 'string' },
    ]);
    const [old, other, both] = await codecs([v1], [narrowed], [v1, narrowed]);
    const records = (await old?.encode([{ spec, value: { id: 'ann', course: 'A' }, eventId }])) ?? [];
    for (const codec of [other, both]) {
      assert.deepEqual(await codec?.decode(spec, records), [
        { outcome: 'invalid', reason: 'schema', path: '' },
      ]);
    }
  });

  it('never takes bytes that were written in clear for an encrypted field', async () => {
    const before = schema([
      { name: 'id', type: enc('string') },
      { name: 'home', type: home('bytes') },
    ]);
    const after = schema([
      { name: 'id', type: enc('string') },
      { name: 'home', type: home(enc('bytes')) },
    ]);
    const keyring = await openTestKeyring();
    const codec = createEventCodec({ keyring, format: createAvroFormat(source(before, after)) });
    const old = createEventCodec({ keyring, format: createAvroFormat(source(before)) });
    const clear = { ...spec, personalPaths: [] };
    const value = { id: 'ann', home: { city: Buffer.from('x') } };
    const records = await old.encode([{ spec: clear, value, eventId }]);
    // Both schemas have one canonical form, so one fingerprint: the field is read as an envelope, which it is not.
    const [decoded] = await codec.decode(spec, records);
    assert.equal(decoded?.outcome, 'invalid');
  });

  it('resolves encrypted fields to encrypted fields only', () => {
    const encrypted = parseAvroSchema(enc('bytes') as never);
    assert.throws(() => encrypted.createResolver(parseAvroSchema('bytes')));
    assert.ok(encrypted.createResolver(parseAvroSchema(enc('bytes') as never)));
  });

  it('names the path and never the value of what does not fit', async () => {
    const [codec] = await codecs([v1]);
    const refused: [object, string][] = [
      [{ id: 'ann', home: { city: 'Hidden' }, course: 'A' }, 'home.city'],
      [{ id: 'ann', home: 'Hidden', course: 'A' }, 'home'],
      [{ id: 'ann', home: null, course: 5_551_234 }, 'course'],
      [{ id: 'ann', home: null }, 'course'],
    ];
    for (const [value, path] of refused) {
      await assert.rejects(
        (codec as EventCodec).encode([{ spec, value, eventId }]),
        (error: Error & { path: string }) => {
          assert.equal(error.path, path);
          assert.equal(/Hidden|5551234/.test(error.message + String(error.stack)), false);
          return true;
        },
      );
    }
  });

  it('refuses schema and declaration that do not say the same', async () => {
    const clear = schema([
      { name: 'id', type: enc('string') },
      { name: 'home', type: home('int') },
    ]);
    const more = schema([
      { name: 'id', type: enc('string') },
      { name: 'home', type: home(enc('int')) },
      { name: 'also', type: enc('int') },
    ]);
    for (const [wrong, path] of [
      [clear, 'home.city'],
      [more, 'also'],
    ] as const) {
      const [codec] = await codecs([wrong]);
      const event = { spec, value: { id: 'ann', home: { city: 1 }, also: 1 }, eventId };
      await assert.rejects((codec as EventCodec).encode([event]), { code: 'SCHEMA_INVALID', path });
    }
  });

  it('refuses schemas in which it could not find every encrypted field', async () => {
    const places = [
      { type: 'array', items: enc('int') },
      { type: 'map', values: enc('int') },
      ['null', 'string', enc('int')],
      {
        type: 'record',
        name: 'Node',
        fields: [
          { name: 'v', type: enc('int') },
          { name: 'next', type: ['null', 'Node'] },
        ],
      },
    ];
    for (const type of places) {
      const [codec] = await codecs([
        schema([
          { name: 'id', type: enc('string') },
          { name: 'x', type },
        ]),
      ]);
      const personal = { ...spec, personalPaths: [] };
      await assert.rejects(
        (codec as EventCodec).encode([{ spec: personal, value: { id: 'ann', x: 1 }, eventId }]),
        {
          code: 'SCHEMA_INVALID',
        },
      );
    }
    for (const broken of [enc(undefined), { ...enc('int'), type: 'string' }]) {
      assert.throws(() => source(schema([{ name: 'id', type: broken }])), { code: 'SCHEMA_INVALID' });
    }
  });

  it('says which schema is missing or broken', async () => {
    const [codec] = await codecs([v1]);
    const unknown = { ...spec, type: 'Other' };
    await assert.rejects((codec as EventCodec).encode([{ spec: unknown, value: { id: 'a' }, eventId }]), {
      code: 'SCHEMA_UNKNOWN',
    });
    assert.throws(() => createDocumentSchemas([{ name: 'x.avsc', text: '{' }]), { code: 'SCHEMA_INVALID' });
    assert.throws(() => createDocumentSchemas([{ name: 'x.avsc', text: '"int"' }]), {
      code: 'SCHEMA_INVALID',
    });
  });
});
