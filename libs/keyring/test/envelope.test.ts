import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENVELOPE_OVERHEAD, type Binding, type Keyring, type UserRef } from '../src/index.js';
import { openTestKeyring } from '../src/testing/index.js';

const binding: Binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
const secret = new TextEncoder().encode('a personal value');

async function sealed(): Promise<{ keyring: Keyring; ada: UserRef; bob: UserRef; envelope: Uint8Array }> {
  const keyring = await openTestKeyring();
  const ada = keyring.userRef('ada');
  const bob = keyring.userRef('bob');
  await keyring.ensureKeys([ada, bob]);
  return { keyring, ada, bob, envelope: keyring.seal(ada, binding, secret) };
}

test('every flipped bit of an envelope is invalid, for the right reason', async () => {
  const { keyring, envelope } = await sealed();
  assert.equal(envelope.length, ENVELOPE_OVERHEAD + secret.length);
  for (let at = 0; at < envelope.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = envelope.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      const reason = at < 2 ? 'unknown-version' : at < 78 ? 'header-mac' : 'ciphertext';
      for (const caughtUp of [false, true]) {
        assert.deepEqual(
          keyring.open(binding, flipped, { caughtUp }),
          { outcome: 'invalid', reason },
          `byte ${at} bit ${bit}`,
        );
      }
      assert.equal(keyring.userRefOf(flipped) === null, at < 78);
    }
  }
});

test('every truncation and every extension is invalid', async () => {
  const { keyring, envelope } = await sealed();
  for (let length = 0; length < envelope.length; length++) {
    const outcome = keyring.open(binding, envelope.slice(0, length), { caughtUp: true });
    const reason = length < ENVELOPE_OVERHEAD ? 'malformed' : 'ciphertext';
    assert.deepEqual(outcome, { outcome: 'invalid', reason }, `${length} bytes`);
  }
  const longer = new Uint8Array([...envelope, 0]);
  assert.deepEqual(keyring.open(binding, longer), { outcome: 'invalid', reason: 'ciphertext' });
});

test('design 4.12: a value that is moved to another stream, type, event or field does not open', async () => {
  const { keyring, envelope } = await sealed();
  const moves: Binding[] = [
    // The first differs in its type alone from what was sealed last: the engine keeps stream and type from call to call.
    { ...binding, type: 'Deleted' },
    { ...binding, stream: 'lessons.retry' },
    { ...binding, eventId: 'e-2' },
    { ...binding, path: 'email' },
    { ...binding, path: '' },
    // The same characters, cut elsewhere: lengths keep the texts apart.
    { ...binding, stream: 'lessonsV', type: 'iewed' },
    { ...binding, eventId: 'e-1name', path: '' },
    { stream: binding.type, type: binding.stream, eventId: binding.path, path: binding.eventId },
  ];
  for (const moved of moves) {
    assert.deepEqual(
      keyring.open(moved, envelope, { caughtUp: true }),
      { outcome: 'invalid', reason: 'ciphertext' },
      JSON.stringify(moved),
    );
  }
  assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
});

test('design 4.12: headers and ciphertexts of two users cannot be swapped, nor those of two events', async () => {
  const { keyring, ada, bob, envelope } = await sealed();
  const other = keyring.seal(bob, binding, secret);
  const again = keyring.seal(ada, binding, secret);
  for (const body of [other, again]) {
    const spliced = new Uint8Array([...envelope.slice(0, 78), ...body.slice(78)]);
    assert.deepEqual(keyring.open(binding, spliced), { outcome: 'invalid', reason: 'ciphertext' });
  }
  const patched = new Uint8Array([...envelope.slice(0, 22), ...other.slice(22, 38), ...envelope.slice(38)]);
  assert.deepEqual(keyring.open(binding, patched), { outcome: 'invalid', reason: 'header-mac' });
});

test('an envelope of another deployment is not authentic here', async () => {
  const { envelope } = await sealed();
  const elsewhere = await openTestKeyring();
  assert.deepEqual(elsewhere.open(binding, envelope, { caughtUp: true }), {
    outcome: 'invalid',
    reason: 'header-mac',
  });
  assert.equal(elsewhere.userRefOf(envelope), null);
});

test('the pseudonym in an envelope is the user’s; nonces differ from one to the next', async () => {
  const { keyring, ada, envelope } = await sealed();
  assert.equal(keyring.userRefOf(envelope), ada);
  const nonces = new Set<string>();
  for (let count = 0; count < 3000; count++) {
    nonces.add(Buffer.from(keyring.seal(ada, binding, secret).slice(38, 62)).toString('hex'));
  }
  assert.equal(nonces.size, 3000);
});
