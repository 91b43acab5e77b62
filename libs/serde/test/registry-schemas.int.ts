import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openTestKeyring } from '@oubliette/keyring/testing';
import {
  createAvroFormat,
  createDocumentSchemas,
  createEventCodec,
  createRegistrySchemas,
} from '../src/index.js';
import type { EventSpec } from '../src/index.js';
import { startFakeRegistry } from '../src/testing/index.js';
import type { FakeRegistry } from '../src/testing/index.js';

const eventId = '00000000-0000-4000-8000-000000000001';
const spec: EventSpec = { stream: 'views', type: 'Viewed', userIdPath: 'id', personalPaths: [] };
const schema = {
  type: 'record',
  name: 'Viewed',
  namespace: 'school',
  fields: [
    { name: 'id', type: { type: 'bytes', logicalType: 'oubliette-encrypted', of: 'string' } },
    { name: 'clicks', type: 'int' },
  ],
};

describe('schemas of a registry', () => {
  let fake: FakeRegistry;
  let url = '';
  before(async () => {
    fake = await startFakeRegistry();
    url = fake.url;
  });
  after(() => fake.close());
  const documents = (one: object) =>
    createDocumentSchemas([{ name: 'viewed.avsc', text: JSON.stringify(one) }]);

  it('are registered with their logical type, and frame values as Confluent does', async () => {
    const keyring = await openTestKeyring();
    const writer = createEventCodec({
      keyring,
      format: createAvroFormat(createRegistrySchemas({ url, documents: documents(schema) })),
    });
    const records = await writer.encode([{ spec, value: { id: 'ann', clicks: 3 }, eventId }]);
    assert.equal(Buffer.from(records[0]?.value.subarray(0, 5) ?? []).toString('hex'), '0000000001');
    assert.deepEqual(JSON.parse(fake.schemas[0] as string), schema);
    assert.equal(fake.subjects.get('views-Viewed'), 1);
    // A reader without files takes everything from the registry, "of" included.
    const reader = createEventCodec({ keyring, format: createAvroFormat(createRegistrySchemas({ url })) });
    const [decoded] = await reader.decode(spec, records);
    assert.deepEqual(decoded?.outcome === 'event' && decoded.event.value, { id: 'ann', clicks: 3 });
  });

  it('are unknown, refused, or out of reach: three different things', async () => {
    const codec = createEventCodec({
      keyring: await openTestKeyring(),
      format: createAvroFormat(createRegistrySchemas({ url })),
    });
    const other = { ...spec, type: 'Other' };
    await assert.rejects(codec.encode([{ spec: other, value: { id: 'a' }, eventId }]), {
      code: 'SCHEMA_UNKNOWN',
    });
    const incompatible = createRegistrySchemas({
      url,
      documents: documents({ ...schema, doc: 'Incompatible' }),
    });
    await assert.rejects(async () => incompatible.current(spec), { code: 'SCHEMA_INVALID' });
    const known = createRegistrySchemas({ url });
    assert.equal(await known.find('77'), null);
    fake.be('broken');
    await assert.rejects(known.find('1'), { code: 'SCHEMA_REGISTRY_UNAVAILABLE', message: /HTTP 500/ });
    await assert.rejects(async () => known.current(spec), { code: 'SCHEMA_REGISTRY_UNAVAILABLE' });
    fake.be('mute');
    const quick = createRegistrySchemas({ url, timeoutMs: 20 });
    await assert.rejects(async () => quick.current(spec), {
      code: 'SCHEMA_REGISTRY_UNAVAILABLE',
      message: /Timeout/,
    });
    fake.be('well');
    assert.equal((await known.current(spec)).frame, '1');
    await fake.close();
    await assert.rejects(known.find('2'), { code: 'SCHEMA_REGISTRY_UNAVAILABLE', message: /ECONNREFUSED/ });
  });
});
