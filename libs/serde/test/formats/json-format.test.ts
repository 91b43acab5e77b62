import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { createEventCodec, createJsonFormat } from '../../src/index.js';
import type { Decoded, EncodedRecord, EventSpec } from '../../src/index.js';

const eventId = '00000000-0000-4000-8000-000000000001';
const spec: EventSpec = {
  stream: 's',
  type: 'T',
  userIdPath: 'id',
  personalPaths: ['address.city', 'secret'],
};

async function encoded(value: object, with_: EventSpec = spec): Promise<EncodedRecord> {
  const codec = createEventCodec({ keyring: await openTestKeyring(), format: createJsonFormat() });
  const [record] = await codec.encode([{ spec: with_, value, eventId }]);
  return record as EncodedRecord;
}

const textOf = (record: EncodedRecord): Record<string, unknown> =>
  JSON.parse(Buffer.from(record.value).toString()) as Record<string, unknown>;

describe('the JSON format', () => {
  it('replaces personal values by text and leaves the rest as it is', async () => {
    const record = await encoded({
      id: 'ann',
      secret: { a: [1] },
      address: { city: 'Lyon', country: 'FR' },
      extra: [1],
    });
    const text = textOf(record);
    assert.match(text['id'] as string, /^[A-Za-z0-9_-]{80,}$/);
    assert.match(text['secret'] as string, /^[A-Za-z0-9_-]{80,}$/);
    assert.deepEqual(Object.keys(text['address'] as object), ['city', 'country']);
    assert.equal((text['address'] as Record<string, unknown>)['country'], 'FR');
    assert.deepEqual(text['extra'], [1]);
  });

  it('keeps absent fields absent, and null personal values personal', async () => {
    const text = textOf(await encoded({ id: 'ann', secret: undefined, address: null }));
    assert.deepEqual(Object.keys(text).sort(), ['address', 'id']);
    assert.equal(text['address'], null);
    assert.match(
      textOf(await encoded({ id: 'ann', secret: null }))['secret'] as string,
      /^[A-Za-z0-9_-]{80,}$/,
    );
  });

  it('refuses an event in which a personal value might hide above its path', async () => {
    for (const address of ['5 rue X, Lyon', ['Lyon'], 7]) {
      await assert.rejects(encoded({ id: 'ann', address }), { code: 'EVENT_INVALID', path: 'address' });
    }
  });

  it('names the path and never the value of what has no JSON form', async () => {
    const secret = 'tell-nobody';
    for (const value of [12345678901234567890n, () => secret, Symbol(secret)]) {
      await assert.rejects(
        encoded({ id: 'ann', secret: value }),
        (error: Error & { code: string; path: string }) => {
          assert.equal(error.code, 'EVENT_INVALID');
          assert.equal(error.path, 'secret');
          assert.equal(/tell-nobody|1234567/.test(error.message), false);
          return true;
        },
      );
    }
  });

  it('refuses a personal path that holds no envelope, and one in another spelling', async () => {
    const keyring = await openTestKeyring();
    const codec = createEventCodec({ keyring, format: createJsonFormat() });
    const [record] = await codec.encode([{ spec, value: { id: 'ann', secret: 1 }, eventId }]);
    const text = textOf(record as EncodedRecord);
    const withSecret = async (secret: unknown): Promise<Decoded<unknown> | undefined> => {
      const value = Buffer.from(JSON.stringify({ ...text, secret }));
      return (await codec.decode(spec, [{ ...(record as EncodedRecord), value }]))[0];
    };
    assert.equal((await withSecret(text['secret']))?.outcome, 'event');
    const good = text['secret'] as string;
    for (const bad of [
      'in clear',
      5,
      null,
      { a: 1 },
      [good],
      `${good}=`,
      ` ${good}`,
      `${good}\n`,
      text['id'],
    ]) {
      const result = await withSecret(bad);
      assert.equal(result?.outcome, 'invalid', JSON.stringify(bad));
      if (result?.outcome === 'invalid') assert.equal(result.path, 'secret');
    }
  });

  it('refuses to read an event without its user id', async () => {
    const keyring = await openTestKeyring();
    const codec = createEventCodec({ keyring, format: createJsonFormat() });
    const [record] = await codec.encode([{ spec, value: { id: 'ann' }, eventId }]);
    const decoded = await codec.decode(spec, [{ ...(record as EncodedRecord), value: Buffer.from('{}') }]);
    assert.deepEqual(decoded, [{ outcome: 'invalid', reason: 'malformed', path: 'id' }]);
  });

  it('carries events without a user in clear, under the key that is given', async () => {
    const plain: EventSpec = { stream: 's', type: 'T', userIdPath: null, personalPaths: [] };
    const codec = createEventCodec({ keyring: await openTestKeyring(), format: createJsonFormat() });
    const key = Buffer.from('course-1');
    const records = await codec.encode([{ spec: plain, value: { a: 1 }, eventId, key }]);
    assert.deepEqual(records[0]?.key, key);
    const [decoded] = await codec.decode(plain, records);
    assert.equal(decoded?.outcome === 'event' && decoded.event.userRef, null);
    await assert.rejects(codec.encode([{ spec, value: { id: 'ann' }, eventId, key }]), {
      code: 'EVENT_INVALID',
      path: 'key',
    });
  });

  it('refuses event ids that are no lower-case UUID', async () => {
    const codec = createEventCodec({ keyring: await openTestKeyring(), format: createJsonFormat() });
    for (const wrong of ['', '1', eventId.toUpperCase().replace('0', 'A')]) {
      await assert.rejects(codec.encode([{ spec, value: { id: 'ann' }, eventId: wrong }]), {
        code: 'EVENT_INVALID',
        path: 'eventId',
      });
    }
  });

  it('gives back any JSON value', async () => {
    const keyring = await openTestKeyring();
    const codec = createEventCodec({ keyring, format: createJsonFormat() });
    // -0 has no JSON form of its own.
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    await fc.assert(
      fc.asyncProperty(json, json, fc.string({ minLength: 1, maxLength: 50 }), async (secret, clear, id) => {
        fc.pre(Buffer.from(id).toString() === id);
        const value = { id, secret, clear };
        const [decoded] = await codec.decode(spec, await codec.encode([{ spec, value, eventId }]));
        assert.deepEqual(decoded?.outcome === 'event' && decoded.event.value, value);
      }),
      { numRuns: 60 },
    );
  });
});
