import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { createAvroSerde, createFieldCipher, jsonSerde, parseAvroSchema, stringSerde } from '../src/index.js';

const binding = { stream: 'table:students', type: 'students', eventId: 'row-1', path: 'email' };

describe('single encrypted fields', () => {
  it('open as what was sealed, in every format', async () => {
    const keyring = await openTestKeyring();
    const user = keyring.userRef('ann');
    await keyring.ensureKeys([user]);
    const avro = createAvroSerde(parseAvroSchema({ type: 'array', items: 'string' } as never));
    for (const [serde, value] of [
      [stringSerde, 'é ✓'],
      [jsonSerde, { a: [null, 1] }],
      [avro, ['a', 'b']],
    ] as const) {
      const cipher = createFieldCipher<unknown>(keyring, serde as never);
      const envelope = cipher.seal(user, binding, value);
      assert.deepEqual(cipher.open(binding, envelope), { outcome: 'value', value });
      assert.equal(cipher.open({ ...binding, path: 'name' }, envelope).outcome, 'invalid');
    }
  });

  it('are erased with their user, and invalid where the plaintext is of another format', async () => {
    const keyring = await openTestKeyring();
    const user = keyring.userRef('ann');
    await keyring.ensureKeys([user]);
    const envelope = createFieldCipher(keyring, stringSerde).seal(user, binding, '{');
    assert.deepEqual(createFieldCipher(keyring, jsonSerde).open(binding, envelope), {
      outcome: 'invalid',
      reason: 'malformed',
    });
    await keyring.forget(user);
    assert.equal(createFieldCipher(keyring, jsonSerde).open(binding, envelope).outcome, 'erased');
  });
});

describe('plain serdes', () => {
  it('refuse what would change on the way, without repeating it', () => {
    assert.throws(() => stringSerde.serialize('a\ud800'), { code: 'VALUE_INVALID' });
    assert.throws(() => stringSerde.deserialize(Uint8Array.of(0xff)), { code: 'VALUE_INVALID' });
    assert.equal(stringSerde.deserialize(stringSerde.serialize('\ufeffx')), '\ufeffx');
    for (const bytes of ['hidden', '{"hidden":']) {
      assert.throws(
        () => jsonSerde.deserialize(Buffer.from(bytes)),
        (error: Error) => !error.message.includes('hidden'),
      );
    }
  });
});
