import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { openTestKeyring } from '@oubliette/keyring/testing';
import {
  createAvroFormat,
  createDocumentSchemas,
  createEventCodec,
  createRegistrySchemas,
} from '../src/index.js';
import type { EventSpec } from '../src/index.js';

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

/** The few calls of a Confluent-compatible registry that its client makes; it keeps schemas as the text it was given. */
function registry(): {
  server: Server;
  schemas: string[];
  subjects: Map<string, number>;
  setBroken(broken: boolean): void;
} {
  const schemas: string[] = [];
  const subjects = new Map<string, number>();
  let broken = false;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const reply = (status: number, value: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      };
      const path = request.url ?? '';
      const id = /^\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
      const subject = /^\/subjects\/([^/]+)\/versions(\/latest)?$/.exec(path);
      if (broken) return reply(500, { error_code: 50001, message: 'broken' });
      if (path.startsWith('/config/')) return reply(200, { compatibilityLevel: 'BACKWARD' });
      if (id !== undefined) {
        const text = schemas[Number(id) - 1];
        return text === undefined
          ? reply(404, { error_code: 40403, message: 'none' })
          : reply(200, { schema: text });
      }
      if (subject?.[1] !== undefined && request.method === 'POST') {
        const { schema: text } = JSON.parse(body) as { schema: string };
        if (text.includes('Incompatible')) return reply(409, { error_code: 409, message: 'incompatible' });
        if (!schemas.includes(text)) schemas.push(text);
        subjects.set(subject[1], schemas.indexOf(text) + 1);
        return reply(200, { id: schemas.indexOf(text) + 1 });
      }
      const latest = subject?.[1] === undefined ? undefined : subjects.get(subject[1]);
      return latest === undefined
        ? reply(404, { error_code: 40401, message: 'none' })
        : reply(200, { id: latest, version: 1 });
    });
  });
  return { server, schemas, subjects, setBroken: (value) => (broken = value) };
}

describe('schemas of a registry', () => {
  const fake = registry();
  let url = '';
  before(async () => {
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(fake.server.address() as { port: number }).port}`;
  });
  after(() => {
    fake.server.closeAllConnections();
    fake.server.close();
  });
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
    await assert.rejects(incompatible.current(spec), { code: 'SCHEMA_INVALID' });
    const known = createRegistrySchemas({ url });
    assert.equal(await known.find('77'), null);
    fake.setBroken(true);
    await assert.rejects(known.find('1'), { code: 'SCHEMA_REGISTRY_UNAVAILABLE' });
    await assert.rejects(known.current(spec), { code: 'SCHEMA_REGISTRY_UNAVAILABLE' });
    fake.setBroken(false);
    assert.equal((await known.current(spec)).frame, '1');
  });
});
