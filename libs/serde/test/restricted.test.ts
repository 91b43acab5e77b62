import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, it } from 'node:test';
import { createEventCodec, createJsonFormat, isErased, isRestricted, RestrictedValue } from '../src/index.js';
import { openTestKeyring } from '@oubliette/keyring/testing';

describe('a restricted value', () => {
  const value: unknown = new RestrictedValue(7);

  it('is told from everything that looks alike', () => {
    assert.equal(isRestricted(value), true);
    assert.equal(isErased(value), false);
    for (const other of [{ restricted: true, since: 7 }, null, undefined, 'restricted'])
      assert.equal(isRestricted(other), false);
  });

  it('is never taken for a text or a number', () => {
    const uses: readonly (() => unknown)[] = [
      () => `${value as string}`,
      () => 'x' + (value as string),
      () => String(value),
      () => Number(value),
      () => (value as number) > 1,
      () => new TextEncoder().encode(value as string),
      () => Buffer.from(value as string),
      () => ['a', value].join(),
    ];
    for (const use of uses) assert.throws(use, TypeError, use.toString());
  });

  it('prints as what it is, also in a log', () => {
    assert.equal(JSON.stringify({ name: value }), '{"name":{"restricted":true}}');
    assert.match(inspect(value), /restricted: true/);
  });
});

it('no event is written with a restricted value in the place of a personal one', async () => {
  const keyring = await openTestKeyring();
  const codec = createEventCodec({ keyring, format: createJsonFormat() });
  const spec = { stream: 's', type: 'T', userIdPath: 'userId', personalPaths: ['name'] };
  const copied = { userId: 'somebody else', name: new RestrictedValue(7) };
  const eventId = '00000000-0000-4000-8000-000000000001';
  await assert.rejects(codec.encode([{ spec, value: copied, eventId }]), {
    code: 'EVENT_INVALID',
    path: 'name',
  });
  await keyring.close();
});
