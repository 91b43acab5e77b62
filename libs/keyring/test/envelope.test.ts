import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import fc from 'fast-check';
import { EntropyPool } from '../src/crypto/entropy-pool.js';
import { EnvelopeEngine } from '../src/crypto/envelope-engine.js';
import { envelopePrefix } from '../src/envelope.js';
import { ENVELOPE_OVERHEAD, type Binding, type Keyring, type UserRef } from '../src/index.js';
import { GENERAL_PURPOSE } from '../src/key-scope.js';
import { openTestKeyring } from '../src/testing/index.js';
import { loadSodium } from '../src/crypto/sodium.js';

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

test('the fast and the plain path write and read the same bytes', async () => {
  const sodium = await loadSodium();
  const headerKey = new Uint8Array(32).fill(1);
  const key = {
    key: new Uint8Array(32).fill(2),
    prefix: envelopePrefix(
      { userRef: 'ab'.repeat(16) as UserRef, kid: 'cd'.repeat(8) },
      { lifecycle: 7, purpose: GENERAL_PURPOSE, generation: 1 },
    ),
  };
  const engines = [1, 1].map(
    (seed) => new EnvelopeEngine(sodium, headerKey, new EntropyPool(new SeededEntropy(seed))),
  );
  const [fast, plain] = engines;
  assert.ok(fast && plain);
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constant('ü'.repeat(3000)),
  );
  const plaintexts = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .constantFrom(32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 100_000)
      .map((size) => new Uint8Array(size).fill(5)),
  );
  fc.assert(
    fc.property(
      fc.record({ stream: text, type: text, eventId: text, path: text }),
      plaintexts,
      (where, plaintext) => {
        const envelope = fast.seal(key, where, plaintext);
        assert.deepEqual(envelope, plain.sealPlainly(key, where, plaintext));
        assert.equal(fast.isHeaderAuthentic(envelope), true);
        assert.deepEqual(fast.open(key, where, envelope), plaintext);
        assert.deepEqual(plain.openPlainly(key, where, envelope), plaintext);
        const moved = { ...where, path: `${where.path}!` };
        assert.equal(fast.open(key, moved, envelope), null);
        assert.equal(plain.openPlainly(key, moved, envelope), null);
      },
    ),
    { numRuns: 150 },
  );
  for (const engine of engines) engine.close();
});

test('design 4.15: neither user key nor plaintext stays in libsodium’s memory', async () => {
  const sodium = await loadSodium();
  const key = {
    key: Uint8Array.from({ length: 32 }, (_, index) => 200 - index * 3),
    prefix: envelopePrefix(
      { userRef: 'ab'.repeat(16) as UserRef, kid: 'cd'.repeat(8) },
      { lifecycle: 7, purpose: GENERAL_PURPOSE, generation: 1 },
    ),
  };
  const engine = new EnvelopeEngine(sodium, new Uint8Array(32), new EntropyPool(new SeededEntropy(1)));
  const plaintext = new TextEncoder().encode('a very personal value that is easy to find');
  const heapHas = (bytes: Uint8Array) =>
    Buffer.from(sodium.memory.HEAPU8.buffer).includes(Buffer.from(bytes));
  const other = engine.seal(key, binding, new Uint8Array(plaintext.length));
  const envelope = engine.seal(key, binding, plaintext);
  assert.deepEqual([heapHas(key.key), heapHas(plaintext)], [false, false]);
  engine.open(key, binding, envelope);
  assert.equal(heapHas(key.key), false);
  // ChaCha20 leaves the last partial block on the WASM stack; the next call takes its place (SPEC.md, section 11).
  engine.open(key, binding, other);
  assert.equal(heapHas(plaintext), false);
  engine.close();
});
