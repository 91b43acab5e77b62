import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { ManualClock } from '@oubliette/runtime/testing';
import type { EncodedRecord, EventCodec, EventFormat, EventSpec } from '../src/index.js';
import {
  createAvroFormat,
  createDocumentSchemas,
  createEventCodec,
  createFieldCipher,
  createJsonFormat,
  createStringFormat,
  isErased,
  stringSerde,
} from '../src/index.js';

interface Moved {
  readonly id: string;
  readonly name?: string;
  readonly contact?: { readonly email?: string; readonly city?: string };
}

const spec = (whenWithdrawn?: 'refuse' | 'omit'): EventSpec => ({
  stream: 'school.students',
  type: 'StudentMoved',
  userIdPath: 'id',
  personalPaths: ['name', 'contact.email'],
  purposes: {
    'contact.email': { purpose: 'marketing', ...(whenWithdrawn === undefined ? {} : { whenWithdrawn }) },
  },
});
const ann: Moved = { id: 'ann', name: 'Ann Lee', contact: { email: 'ann@example.org', city: 'Lyon' } };
const eventId = '00000000-0000-4000-8000-000000000001';

const sealed = (of: string, more: object = {}): object => ({
  type: 'bytes',
  logicalType: 'oubliette-encrypted',
  of,
  ...more,
});
const avroSchema = (email: unknown = ['null', sealed('string', { purpose: 'marketing' })]): object => ({
  type: 'record',
  name: 'StudentMoved',
  namespace: 'school',
  fields: [
    { name: 'id', type: sealed('string') },
    { name: 'name', type: ['null', sealed('string')], default: null },
    {
      name: 'contact',
      type: {
        type: 'record',
        name: 'Contact',
        fields: [
          { name: 'email', type: email, default: null },
          { name: 'city', type: 'string' },
        ],
      },
    },
  ],
});
const avro = (schema = avroSchema()): EventFormat =>
  createAvroFormat(createDocumentSchemas([{ name: 'moved.avsc', text: JSON.stringify(schema) }]));

async function opened(t: TestContext, options: Parameters<typeof openTestKeyring>[0] = {}): Promise<Keyring> {
  const keyring = await openTestKeyring(options);
  t.after(() => keyring.close());
  return keyring;
}

async function encode(codec: EventCodec, how: EventSpec, ...values: Moved[]): Promise<EncodedRecord[]> {
  return codec.encode(values.map((value) => ({ spec: how, value, eventId })));
}

async function decode(codec: EventCodec, how: EventSpec, record: EncodedRecord) {
  const [decoded] = await codec.decode<Moved>(how, [record]);
  assert.equal(decoded?.outcome, 'event');
  if (decoded?.outcome !== 'event') throw new Error('no event');
  return decoded.event;
}

for (const [name, format] of [
  ['json', createJsonFormat],
  ['avro', avro],
] as const) {
  describe(`fields kept for a purpose: ${name}`, () => {
    it('are encrypted with a key of their own, and end with the purpose alone', async (t) => {
      const keyring = await opened(t);
      const codec = createEventCodec({ keyring, format: format() });
      const [record] = (await encode(codec, spec(), ann)) as [EncodedRecord];
      assert.equal(keyring.size().keys, 2);
      assert.deepEqual((await decode(codec, spec(), record)).value, ann);
      const fence = await keyring.withdraw(keyring.userRef('ann'), 'marketing');
      const event = await decode(codec, spec(), record);
      assert.equal(event.erased, false);
      assert.equal(event.value.id, 'ann');
      assert.equal(event.value.name, 'Ann Lee');
      assert.equal(event.value.contact?.city, 'Lyon');
      const email: unknown = event.value.contact?.email;
      assert.ok(isErased(email));
      assert.equal(email.erasedAt, fence.erasedAt);
    });

    it('are refused once the purpose is withdrawn, and written again once it is granted', async (t) => {
      const keyring = await opened(t);
      const codec = createEventCodec({ keyring, format: format() });
      const [before] = (await encode(codec, spec(), ann)) as [EncodedRecord];
      const userRef = keyring.userRef('ann');
      await keyring.withdraw(userRef, 'marketing');
      await assert.rejects(encode(codec, spec(), ann), { code: 'PURPOSE_WITHDRAWN' });
      // What has nothing for the purpose is written as ever.
      await encode(codec, spec(), { ...ann, contact: { city: 'Lyon' } });
      await keyring.grant(userRef, 'marketing');
      const [after] = (await encode(codec, spec(), ann)) as [EncodedRecord];
      assert.deepEqual((await decode(codec, spec(), after)).value, ann);
      assert.ok(isErased((await decode(codec, spec(), before)).value.contact?.email));
    });

    it('are left out once the purpose is withdrawn, where that is declared, and of nobody else', async (t) => {
      const keyring = await opened(t);
      const codec = createEventCodec({ keyring, format: format() });
      const bob: Moved = { id: 'bob', name: 'Bob', contact: { email: 'bob@example.org', city: 'Rome' } };
      await encode(codec, spec('omit'), ann, bob);
      await keyring.withdraw(keyring.userRef('ann'), 'marketing');
      const [ofAnn, ofBob] = (await encode(codec, spec('omit'), ann, bob)) as [EncodedRecord, EncodedRecord];
      const event = await decode(codec, spec('omit'), ofAnn);
      assert.equal(event.value.name, 'Ann Lee');
      assert.equal(event.value.contact?.email ?? null, null);
      assert.equal(event.value.contact?.city, 'Lyon');
      assert.deepEqual((await decode(codec, spec('omit'), ofBob)).value, bob);
      // The caller's own object is left as it was.
      assert.equal(ann.contact?.email, 'ann@example.org');
    });

    it('are erased with everything else of a forgotten user, whose event is then erased', async (t) => {
      const keyring = await opened(t);
      const codec = createEventCodec({ keyring, format: format() });
      const [record] = (await encode(codec, spec(), ann)) as [EncodedRecord];
      const userRef = keyring.userRef('ann');
      await keyring.withdraw(userRef, 'marketing');
      await keyring.forget(userRef);
      const event = await decode(codec, spec(), record);
      assert.equal(event.erased, true);
      for (const value of [event.value.id, event.value.name, event.value.contact?.email] as unknown[])
        assert.ok(isErased(value));
      await assert.rejects(encode(codec, spec('omit'), ann), { code: 'USER_FORGOTTEN' });
    });

    it('end by themselves with the lifetime of their key', async (t) => {
      const clock = new ManualClock();
      const topic = new InMemoryKeyTopic({ clock });
      const keyring = await opened(t, { clock, topic, policies: { marketing: { lifetimeMs: 60_000 } } });
      const codec = createEventCodec({ keyring, format: format() });
      const [record] = (await encode(codec, spec(), ann)) as [EncodedRecord];
      clock.advance(60_000);
      const event = await decode(codec, spec(), record);
      assert.equal(event.erased, false);
      assert.equal(event.value.name, 'Ann Lee');
      assert.ok(isErased(event.value.contact?.email));
      const [next] = (await encode(codec, spec(), ann)) as [EncodedRecord];
      assert.deepEqual((await decode(codec, spec(), next)).value, ann);
    });
  });
}

describe('fields kept for a purpose', () => {
  it('end as a whole event when the lifetime of what is kept for none is over', async (t) => {
    const clock = new ManualClock();
    const topic = new InMemoryKeyTopic({ clock });
    const keyring = await opened(t, { clock, topic, policies: { '': { lifetimeMs: 60_000 } } });
    const codec = createEventCodec({ keyring, format: createJsonFormat() });
    const [record] = (await encode(codec, spec(), ann)) as [EncodedRecord];
    clock.advance(60_000);
    const event = await decode(codec, spec(), record);
    assert.equal(event.erased, true);
    assert.ok(isErased(event.value.contact?.email));
  });

  it('leave out who withdraws while keys are made, and refuse who must be refused', async (t) => {
    const keyring = await opened(t);
    const userRef = keyring.userRef('ann');
    await keyring.ensureKeys([userRef], 'marketing');
    let asked = 0;
    const late = new Proxy(keyring, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== 'ensureKeys')
          return typeof member === 'function' ? (member.bind(target) as unknown) : member;
        return async (users: Iterable<typeof userRef>, purpose?: string) => {
          if (purpose !== undefined && asked++ === 0) await keyring.withdraw(userRef, 'marketing');
          return keyring.ensureKeys(users, purpose);
        };
      },
    });
    const codec = createEventCodec({ keyring: late, format: createJsonFormat() });
    const [record] = (await encode(codec, spec('omit'), ann)) as [EncodedRecord];
    assert.equal((await decode(codec, spec('omit'), record)).value.contact?.email, undefined);
    await keyring.grant(userRef, 'marketing');
    asked = 0;
    await assert.rejects(encode(codec, spec('refuse'), ann), { code: 'PURPOSE_WITHDRAWN' });
  });

  it('must be personal, not the user id, well named, and one in the schema and the declaration', async (t) => {
    const keyring = await opened(t);
    const codec = createEventCodec({ keyring, format: createJsonFormat() });
    for (const [path, purpose] of [
      ['city', 'marketing'],
      ['id', 'marketing'],
      ['name', 'Ann Lee'],
      ['name', ''],
    ] as const) {
      const purposes = { [path]: { purpose } };
      await assert.rejects(encode(codec, { ...spec(), purposes }, ann), { code: 'EVENT_SPEC_INVALID' });
    }
    const other = avro(avroSchema(['null', sealed('string', { purpose: 'billing' })]));
    await assert.rejects(encode(createEventCodec({ keyring, format: other }), spec(), ann), {
      code: 'SCHEMA_INVALID',
      path: 'contact.email',
    });
    const silent = createEventCodec({ keyring, format: avro(avroSchema(['null', sealed('string')])) });
    assert.equal((await encode(silent, spec(), ann)).length, 1);
    assert.throws(() => avro(avroSchema(['null', sealed('string', { purpose: 1 })])), {
      code: 'SCHEMA_INVALID',
    });
    const text = {
      stream: 'notes',
      type: 'Noted',
      userIdPath: 'id',
      personalPaths: ['text'],
      purposes: { text: { purpose: 'marketing' } },
    };
    const strings = createEventCodec({ keyring, format: createStringFormat() });
    await assert.rejects(strings.encode([{ spec: text, value: { id: 'ann', text: 'x' }, eventId }]), {
      code: 'EVENT_SPEC_INVALID',
    });
  });

  it('may be single values too', async (t) => {
    const keyring = await opened(t);
    const userRef = keyring.userRef('ann');
    await keyring.ensureKeys([userRef], 'billing');
    const binding = { stream: 'table:bills', type: 'bills', eventId: 'row-1', path: 'iban' };
    const cipher = createFieldCipher(keyring, stringSerde, 'billing');
    const envelope = cipher.seal(userRef, binding, 'DE02');
    assert.deepEqual(cipher.open(binding, envelope), { outcome: 'value', value: 'DE02' });
    await keyring.withdraw(userRef, 'billing');
    const after = cipher.open(binding, envelope);
    assert.equal(after.outcome === 'erased' && after.why, 'withdrawn');
    assert.throws(() => cipher.seal(userRef, binding, 'DE02'), { code: 'PURPOSE_WITHDRAWN' });
  });
});
