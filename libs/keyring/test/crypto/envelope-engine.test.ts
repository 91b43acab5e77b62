import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import fc from 'fast-check';
import { chooseAlways, chooseBySize, type AeadChoice } from '../../src/crypto/aead-choice.js';
import { EntropyPool } from '../../src/crypto/entropy-pool.js';
import { EnvelopeEngine } from '../../src/crypto/envelope-engine.js';
import { sodiumOver } from '../../src/crypto/sodium.js';
import { CIPHERTEXT_AT, NONCE_AT, USER_REF_AT } from '../../src/envelope.js';
import { toHex } from '../../src/hex.js';
import { aeads, drivers, isEqual, memory, patternOf } from './drivers.js';

const choices: readonly (readonly [string, AeadChoice])[] = [
  ['all drivers', chooseBySize(aeads)],
  ['without sodium-native', chooseBySize({ ...aeads, native: null })],
  ['with libsodium-wrappers only', chooseBySize({ ...aeads, native: null, node: null })],
  ...drivers.map((aead) => [`${aead.name} for all`, chooseAlways(aead)] as const),
];
const userKey = { key: patternOf(32, 1), prefix: patternOf(NONCE_AT, 3) };
const engineOver = (choice: AeadChoice, headerKey = patternOf(32, 5), seed = 1) =>
  new EnvelopeEngine(sodiumOver(memory, choice), headerKey, new EntropyPool(new SeededEntropy(seed)));

// What a string of the unit 'binary' is made of; making that one takes a second.
const codePoint = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));
const text = fc.oneof(
  fc.string(),
  fc.array(codePoint, { maxLength: 60 }).map((points) => String.fromCodePoint(...points)),
  fc.constant('ü'.repeat(3000)),
);
const plaintexts = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.constantFrom(511, 512, 513, 3071, 3072, 3073, 65_536, 65_537).map((size) => patternOf(size, size)),
);

test('libsodium’s memory may grow while a large value is sealed, and while it is opened', () => {
  const binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
  const wasm = engineOver(chooseAlways(aeads.wasm));
  const other = engineOver(chooseBySize(aeads));
  for (const [sealing, opening] of [
    [wasm, other],
    [other, wasm],
  ] as const) {
    const before = memory.HEAPU8.length;
    const plaintext = patternOf(before + 1, 1);
    const envelope = sealing.seal(userKey, binding, plaintext);
    assert.equal(opening.isHeaderAuthentic(envelope), true);
    assert.ok(isEqual(opening.open(userKey, binding, envelope), plaintext));
    assert.ok(memory.HEAPU8.length > before);
  }
  const small = wasm.seal(userKey, binding, patternOf(5, 1));
  assert.ok(isEqual(wasm.open(userKey, binding, small), patternOf(5, 1)));
  wasm.close();
  other.close();
});

test('every choice of drivers, on the fast and the plain path, writes and reads the same bytes', () => {
  const engines = choices.map(([name, choice]) => ({
    name,
    fast: engineOver(choice),
    plain: engineOver(choice),
  }));
  fc.assert(
    fc.property(
      fc.record({ stream: text, type: text, eventId: text, path: text }),
      plaintexts,
      (where, plaintext) => {
        let first: Uint8Array | null = null;
        for (const { name, fast, plain } of engines) {
          const envelope = fast.seal(userKey, where, plaintext);
          first ??= envelope;
          assert.ok(isEqual(envelope, first), name);
          assert.ok(isEqual(plain.sealPlainly(userKey, where, plaintext), first), name);
          assert.equal(fast.isHeaderAuthentic(envelope), true);
          assert.ok(isEqual(fast.open(userKey, where, envelope), plaintext), name);
          assert.ok(isEqual(plain.openPlainly(userKey, where, envelope), plaintext), name);
          const moved = { ...where, path: `${where.path}!` };
          assert.equal(fast.open(userKey, moved, envelope), null);
          assert.equal(plain.openPlainly(userKey, moved, envelope), null);
        }
      },
    ),
    { numRuns: 40 },
  );
  for (const { fast, plain } of engines) {
    fast.close();
    plain.close();
  }
});

test('a header that was found authentic does not speak for another one', () => {
  const engine = engineOver(chooseBySize(aeads));
  const binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
  const other = { ...userKey, prefix: patternOf(NONCE_AT, 9) };
  const userRefOf = (prefix: Uint8Array) => toHex(prefix.subarray(USER_REF_AT, NONCE_AT));
  const first = engine.seal(userKey, binding, patternOf(9, 1));
  const second = engine.seal(other, binding, patternOf(9, 1));
  for (let round = 0; round < 2; round++) {
    for (const [envelope, prefix] of [
      [first, userKey.prefix],
      [second, other.prefix],
    ] as const) {
      assert.equal(engine.isHeaderAuthentic(envelope), true);
      assert.equal(engine.headerUserRef(), userRefOf(prefix));
      assert.equal(engine.isHeaderAuthentic(envelope), true);
      for (let at = 0; at < CIPHERTEXT_AT; at++) {
        const changed = envelope.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        assert.equal(engine.isHeaderAuthentic(changed), false, `byte ${at}`);
        assert.equal(engine.isHeaderAuthentic(changed), false, `byte ${at}, asked again`);
        if (at % 7 === 0) assert.equal(engine.isHeaderAuthentic(envelope), true);
      }
    }
  }
  const elsewhere = engineOver(chooseBySize(aeads), patternOf(32, 11));
  assert.equal(elsewhere.isHeaderAuthentic(first), false);
  elsewhere.close();
  engine.close();
});
