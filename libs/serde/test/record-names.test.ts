import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import {
  createEventCodec,
  createJsonFormat,
  readRecordKey,
  writeRecordKey,
  type Decoded,
  type EncodedRecord,
  type EventCodec,
  type EventSpec,
  type RecordKey,
} from '../src/index.js';

const spec: EventSpec = {
  stream: 'school.marks',
  type: 'MarkGiven',
  userIdPath: 'student',
  personalPaths: ['mark', 'exam.name'],
  recordKeyPath: 'exam.name',
};
const { recordKeyPath: _named, ...unnamed } = spec;
const eventId = '00000000-0000-4000-8000-000000000001';
const event = (name: unknown, student = 'ann'): object => ({ student, mark: 1, exam: { name } });

async function opened(): Promise<{ readonly keyring: Keyring; readonly codec: EventCodec }> {
  const keyring = await openTestKeyring({ topic: new InMemoryKeyTopic() });
  return { keyring, codec: createEventCodec({ keyring, format: createJsonFormat() }) };
}

async function encoded(codec: EventCodec, value: object, as: EventSpec = spec): Promise<EncodedRecord> {
  const [record] = await codec.encode([{ spec: as, value, eventId }]);
  return record as EncodedRecord;
}

const keyOf = ({ key }: EncodedRecord): RecordKey => readRecordKey(key as Uint8Array) as RecordKey;

async function decoded(codec: EventCodec, record: EncodedRecord, as = spec): Promise<Decoded<unknown>> {
  const [result] = await codec.decode(as, [record]);
  return result as Decoded<unknown>;
}

const wrongKey = { outcome: 'invalid', reason: 'headers', path: 'key' };

test('a record is named by user, lifecycle and a keyed hash of the declared value, which does not stand in it', async () => {
  const { keyring, codec } = await opened();
  const record = await encoded(codec, event('oral exam'));
  const key = keyOf(record);
  const ann = keyring.userRef('ann');
  assert.deepEqual(key, { userRef: ann, lifecycle: 1, name: keyring.recordName(ann, 'oral exam') });
  const all = Buffer.concat([
    record.key as Uint8Array,
    record.value,
    Buffer.from(JSON.stringify(record.headers)),
  ]);
  assert.equal(all.includes('oral'), false);
  const result = await decoded(codec, record);
  assert.equal(result.outcome === 'event' && result.event.userRef, ann);
  await keyring.close();
});

test('the same value has the same name, another value or user another, and a number that of its text', async () => {
  const { keyring, codec } = await opened();
  const names = [];
  for (const value of [event('a'), event('a'), event('b'), event('a', 'bob'), event(7), event('7')])
    names.push(keyOf(await encoded(codec, value)).name);
  const [a, again, b, bobs, seven, text] = names;
  assert.equal(a, again);
  assert.equal(seven, text);
  assert.equal(new Set([a, b, bobs, seven]).size, 4);
  await keyring.close();
});

test('the key says the lifecycle that the record was sealed in', async () => {
  const { keyring, codec } = await opened();
  const before = await encoded(codec, event('a'));
  const ann = keyring.userRef('ann');
  await keyring.forget(ann);
  await assert.rejects(encoded(codec, event('a')), { code: 'USER_FORGOTTEN' });
  await keyring.beginLifecycle(ann);
  const after = await encoded(codec, event('a'));
  assert.deepEqual([keyOf(before).lifecycle, keyOf(after).lifecycle], [1, 2]);
  assert.equal(keyOf(before).name, keyOf(after).name);
  await keyring.close();
});

test('a value that names nothing is refused before a key is made, by its path alone', async () => {
  const { keyring, codec } = await opened();
  const record = await encoded(codec, event('gone'));
  await keyring.forget(keyring.userRef('ann'));
  const gone = await decoded(codec, record);
  assert.ok(gone.outcome === 'event');
  const erased = (gone.event.value as { exam: { name: unknown } }).exam.name;
  for (const [value, says] of [
    [undefined, /missing/],
    ['', /missing/],
    [erased, /erased/],
    [null, /neither/],
    [0.5, /neither/],
    [['secret'], /neither/],
    ['\ud800 secret', /neither/],
  ] as const)
    await assert.rejects(
      encoded(codec, event(value, 'bob')),
      (error: Error & { code?: string; path?: string }) => {
        assert.deepEqual([error.code, error.path], ['EVENT_INVALID', 'exam.name']);
        assert.match(error.message, says);
        return !error.message.includes('secret');
      },
    );
  assert.equal(keyring.state(keyring.userRef('bob')), 'unknown');
  await keyring.close();
});

test('a key that is not the record’s own is invalid: of another user, lifecycle or value, or no key of a user', async () => {
  const { keyring, codec } = await opened();
  const record = await encoded(codec, event('a'));
  const { userRef, lifecycle, name } = keyOf(record) as {
    userRef: RecordKey['userRef'];
    lifecycle: number;
    name: string;
  };
  const bob = keyring.userRef('bob');
  for (const key of [
    null,
    Buffer.from(bob),
    writeRecordKey(bob, lifecycle, name),
    writeRecordKey(userRef, lifecycle + 1, name),
    writeRecordKey(userRef, lifecycle, keyring.recordName(userRef, 'b')),
    Buffer.from(`${userRef}#1`),
    Buffer.from(`${userRef}#01#${name}`),
  ])
    assert.deepEqual(await decoded(codec, { ...record, key }), wrongKey);
  assert.equal((await decoded(codec, record)).outcome, 'event');
  await keyring.close();
});

test('records from before the declaration read on, and so do named ones after it was taken back', async () => {
  const { keyring, codec } = await opened();
  const plain = await encoded(codec, event('a'), unnamed);
  assert.deepEqual(keyOf(plain), { userRef: keyring.userRef('ann'), lifecycle: null, name: null });
  assert.equal((await decoded(codec, plain)).outcome, 'event');
  assert.equal((await decoded(codec, await encoded(codec, event('a')), unnamed)).outcome, 'event');
  await keyring.close();
});

test('once the user is forgotten the record still reads, and its key is held against user and lifecycle alone', async () => {
  const { keyring, codec } = await opened();
  const record = await encoded(codec, event('a'));
  const { userRef, name } = keyOf(record) as { userRef: RecordKey['userRef']; name: string };
  await keyring.forget(userRef);
  const result = await decoded(codec, record);
  assert.ok(result.outcome === 'event' && result.event.erased);
  assert.deepEqual(await decoded(codec, { ...record, key: writeRecordKey(userRef, 2, name) }), wrongKey);
  await keyring.close();
});

test('the user id may name the record: one record a user', async () => {
  const { keyring, codec } = await opened();
  const perUser = { ...unnamed, recordKeyPath: 'student' };
  const [one, two] = [await encoded(codec, event('a'), perUser), await encoded(codec, event('b'), perUser)];
  assert.deepEqual(one.key, two.key);
  await keyring.close();
});

test('a declaration that cannot name records is refused', async () => {
  const { keyring, codec } = await opened();
  const purpose = { purpose: 'exams', whenWithdrawn: 'omit' } as const;
  for (const bad of [
    { ...spec, userIdPath: null, personalPaths: [] },
    { ...spec, recordKeyPath: '' },
    { ...spec, recordKeyPath: 'exam.' },
    { ...spec, purposes: { 'exam.name': purpose } },
  ])
    await assert.rejects(encoded(codec, event('a'), bad), { code: 'EVENT_SPEC_INVALID' });
  const refusing = { ...spec, purposes: { 'exam.name': { purpose: 'exams' } } };
  assert.notEqual(keyOf(await encoded(codec, event('a'), refusing)).name, null);
  await keyring.close();
});
