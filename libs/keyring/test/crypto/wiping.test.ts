import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { chooseAlways, chooseBySize, type AeadChoice } from '../../src/crypto/aead-choice.js';
import { EntropyPool } from '../../src/crypto/entropy-pool.js';
import { EnvelopeEngine } from '../../src/crypto/envelope-engine.js';
import { sodiumOver, TAG_BYTES } from '../../src/crypto/sodium.js';
import { NONCE_AT } from '../../src/envelope.js';
import { aeads, drivers, isZero, memory, patternOf } from './drivers.js';
import { WasmContents } from './wasm-contents.js';

const key = patternOf(32, 101);
const nonce = patternOf(24, 103);
const ad = patternOf(50, 105);
const binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
const sizes = [43, 700, 5000, 100_000];

const has = (bytes: Uint8Array): boolean => new WasmContents().has(bytes);
/** Whether the key stands in libsodium's memory, and whether something of the plaintext does. */
const left = (plaintext: Uint8Array): readonly [key: boolean, text: boolean] => {
  const contents = new WasmContents();
  return [contents.has(key), contents.hasBlocksOf(plaintext)];
};

test('the search finds what stands in libsodium’s memory, wherever it stands', () => {
  const room = 200_000;
  const base = memory._malloc(room);
  memory.HEAPU8.fill(0, base, base + room);
  for (const place of [base, base + 5, base + 100_000, base + room - key.length]) {
    memory.HEAPU8.set(key, place);
    assert.equal(has(key), true);
    memory.HEAPU8.fill(0, place, place + key.length);
  }
  // From one page into the next, at times with nothing but zeros in one of the two.
  const text = Uint8Array.of(0, 0, 0, 0, 7, 6, 5, 0, 0, 0, 0);
  const border = Math.ceil((base + room / 2) / 65_536) * 65_536;
  for (let place = border - text.length; place <= border; place++) {
    memory.HEAPU8.set(text, place);
    assert.equal(has(text), true, `${place - border}`);
    memory.HEAPU8.fill(0, place, place + text.length);
  }
  memory._free(base);
  assert.equal(has(key), false);
});

for (const aead of drivers) {
  test(`design 4.15: ${aead.name} leaves neither key nor plaintext behind`, () => {
    for (const size of sizes) {
      const plaintext = patternOf(size, size);
      const sealed = new Uint8Array(size + TAG_BYTES);
      aead.seal(key, nonce, ad, plaintext, sealed);
      assert.deepEqual(left(plaintext), [false, false], `sealed ${size}`);
      assert.ok(aead.open(key, nonce, ad, sealed));
      assert.deepEqual(left(plaintext), [false, false], `opened ${size}`);
      assert.equal(aead.open(key, nonce, ad.subarray(1), sealed), null);
      assert.deepEqual(left(plaintext), [false, false], `refused ${size}`);
    }
  });
}

test('design 4.15: node:crypto gets its subkey in one piece of memory, which is zero after each message', (t) => {
  const node = drivers[2];
  assert.ok(node);
  const seen: Uint8Array[] = [];
  for (const prototype of [Uint8Array.prototype, Buffer.prototype]) {
    const { fill } = prototype;
    t.mock.method(prototype, 'fill', function (this: Uint8Array, value: number) {
      seen.push(this);
      return fill.call(this, value);
    });
  }
  const sealed = new Uint8Array(5 + TAG_BYTES);
  node.seal(key, nonce, ad, patternOf(5, 1), sealed);
  assert.ok(node.open(key, nonce, ad, sealed));
  assert.equal(node.open(key, nonce, ad, sealed.subarray(1)), null);
  const subkeys = seen.filter((bytes) => bytes.length === 32);
  assert.ok(subkeys.length >= 3, 'one wipe a message, also of one that does not open');
  assert.equal(new Set(subkeys.map(({ buffer }) => buffer)).size, 1);
  assert.ok(subkeys.every(isZero));
  // What was decrypted before the tag was found wrong.
  assert.ok(seen.some((bytes) => bytes.length === 4));
  assert.ok(seen.every(isZero));
});

test('design 4.15: hashes, wrappings and envelopes leave neither keys nor texts in libsodium’s memory', () => {
  const choices: AeadChoice[] = [
    chooseBySize(aeads),
    chooseBySize({ ...aeads, native: null }),
    ...drivers.map(chooseAlways),
  ];
  for (const choice of choices) {
    const sodium = sodiumOver(memory, choice);
    const text = new TextEncoder().encode('the id of a user: ada.lovelace@example.org');
    sodium.mac(key, text, 16);
    assert.deepEqual(left(text), [false, false], 'hashed');
    sodium.decrypt(key, nonce, ad, sodium.encrypt(key, nonce, ad, patternOf(32, 5)));
    assert.deepEqual(left(patternOf(32, 5)), [false, false], 'wrapped and unwrapped');
    const headerKey = patternOf(32, 7);
    const engine = new EnvelopeEngine(sodium, headerKey, new EntropyPool(new SeededEntropy(1)));
    const userKey = { key, prefix: new Uint8Array(NONCE_AT).fill(1) };
    for (const size of [...sizes, 64]) {
      const plaintext = patternOf(size, size + 1);
      const envelope = engine.seal(userKey, binding, plaintext);
      assert.deepEqual(left(plaintext), [false, false], `sealed ${size}`);
      assert.ok(engine.open(userKey, binding, envelope));
      assert.deepEqual(left(plaintext), [false, false], `opened ${size}`);
      assert.equal(engine.open(userKey, { ...binding, path: 'other' }, envelope), null);
      assert.deepEqual(left(plaintext), [false, false], `refused ${size}`);
    }
    assert.equal(has(headerKey), true, 'the header key lies there as long as the engine is open');
    engine.close();
    assert.equal(has(headerKey), false);
  }
});

test('design 4.15: nothing that holds a key shows it when it is inspected', () => {
  const sodium = sodiumOver(memory, chooseBySize(aeads));
  const pool = new EntropyPool(new SeededEntropy(3));
  const first = pool.take(1);
  const engine = new EnvelopeEngine(sodium, key, pool);
  engine.seal({ key, prefix: new Uint8Array(NONCE_AT) }, binding, patternOf(20, 1));
  for (const holder of [engine, pool, ...drivers]) {
    const shown = inspect(holder, { depth: Infinity, showHidden: true, maxArrayLength: Infinity });
    for (const secret of [key, first]) {
      const forms = [Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')];
      const listed = [...secret].join(', ');
      if (secret.length > 1) for (const form of [...forms, listed]) assert.ok(!shown.includes(form));
    }
    assert.ok(shown.length < 600, `${shown.length} characters of ${holder.constructor.name}`);
  }
  engine.close();
});
