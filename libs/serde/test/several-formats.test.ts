import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { createAvroFormat, createDocumentSchemas, createEventCodec, createJsonFormat } from '../src/index.js';
import type { EventSpec } from '../src/index.js';

const eventId = '00000000-0000-4000-8000-000000000001';
const spec: EventSpec = { stream: 'views', type: 'Viewed', userIdPath: 'id', personalPaths: [] };
const schema = {
  type: 'record',
  name: 'Viewed',
  fields: [
    { name: 'id', type: { type: 'bytes', logicalType: 'oubliette-encrypted', of: 'string' } },
    { name: 'clicks', type: 'int' },
  ],
};

describe('records of several formats', () => {
  const json = createJsonFormat();
  const avro = createAvroFormat(createDocumentSchemas([{ name: 'a.avsc', text: JSON.stringify(schema) }]));
  const value = { id: 'ann', clicks: 3 };

  it('are read each in its own, and written in one', async () => {
    const keyring = await openTestKeyring();
    const before = createEventCodec({ keyring, format: json });
    const now = createEventCodec({ keyring, format: avro, alsoReads: [json] });
    const [old] = await before.encode([{ spec, value, eventId }]);
    const [young] = await now.encode([{ spec, value, eventId }]);
    assert.equal(young?.headers['oubliette-format'], 'avro');
    const decoded = await now.decode(spec, [old!, young!, { ...old!, value: null }, old!]);
    assert.deepEqual(
      decoded.map((one) => (one.outcome === 'event' ? one.event.value : one)),
      [value, value, { outcome: 'invalid', reason: 'malformed', path: '' }, value],
    );
  });

  it('are invalid where nobody reads their format, and where they have not the format they claim', async () => {
    const keyring = await openTestKeyring();
    const [old] = await createEventCodec({ keyring, format: json }).encode([{ spec, value, eventId }]);
    const alone = createEventCodec({ keyring, format: avro });
    assert.deepEqual(await alone.decode(spec, [old!]), [
      { outcome: 'invalid', reason: 'headers', path: 'oubliette-format' },
    ]);
    const both = createEventCodec({ keyring, format: avro, alsoReads: [json] });
    const claimed = { ...old!, headers: { ...old!.headers, 'oubliette-format': 'avro' } };
    assert.deepEqual(await both.decode(spec, [claimed, old!]).then((all) => all.map((one) => one.outcome)), [
      'invalid',
      'event',
    ]);
  });
});
