import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadSodium } from '../src/crypto/sodium.js';
import { wordsFromHex } from '../src/hex-words.js';
import { toHex } from '../src/hex.js';
import type { PurposeTag, UserRef } from '../src/index.js';
import { encodeKeyRecord, KEY_RECORD_BYTES, unwrapKeyRecord } from '../src/key-record.js';
import { KeyUnwrapper } from '../src/key-unwrapper.js';
import { NAME_WORDS, parseRecordKey, readUserKeyName, userKeyName } from '../src/record-keys.js';
import { WasmContents } from './crypto/wasm-contents.js';

const sodium = await loadSodium();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const facts = fc.record({
  lifecycle: u32,
  purpose: bytes(4).map((tag) => toHex(tag) as PurposeTag),
  generation: u32,
  rotation: u32,
  madeAt: fc.maxSafeNat(),
  lifetimeSeconds: u32,
});

function wordsOf(userRef: string, kid: string): Uint32Array {
  const words = new Uint32Array(NAME_WORDS);
  assert.ok(wordsFromHex(userRef + kid, words, 0, NAME_WORDS));
  return words;
}

test('the unwrapper opens what the plain way opens, and refuses what it refuses', () => {
  const unwrapper = new KeyUnwrapper(sodium);
  fc.assert(
    fc.property(
      fc.record({
        facts,
        userRef: bytes(16),
        kid: bytes(8),
        key: bytes(32),
        wrapping: bytes(32),
        nonce: bytes(24),
      }),
      fc.option(fc.nat(KEY_RECORD_BYTES - 1)),
      fc.option(fc.nat(23)),
      (made, changed, moved) => {
        const name = { userRef: toHex(made.userRef) as UserRef, kid: toHex(made.kid) };
        const wrapping = { epoch: 3, key: made.wrapping };
        const value = encodeKeyRecord(sodium, wrapping, name, made.facts, made.nonce, made.key);
        if (changed !== null) value[changed] = (value[changed] ?? 0) ^ 1;
        if (moved !== null) {
          if (moved < 16) made.userRef[moved] = (made.userRef[moved] ?? 0) ^ 1;
          else made.kid[moved - 16] = (made.kid[moved - 16] ?? 0) ^ 1;
        }
        const place = { userRef: toHex(made.userRef) as UserRef, kid: toHex(made.kid) };
        const plain = unwrapKeyRecord(sodium, wrapping, place, value);
        const fast = unwrapper.unwrap(wrapping.key, wordsOf(place.userRef, place.kid), value);
        assert.deepEqual(fast && new Uint8Array(fast), plain);
        assert.equal(plain === null, changed !== null || moved !== null);
        fast?.fill(0);
      },
    ),
    { numRuns: 300 },
  );
  unwrapper.close();
});

test('design 4.15: the unwrapper leaves neither key in libsodium’s memory, and opens nothing once it was closed', () => {
  const unwrapper = new KeyUnwrapper(sodium);
  const wrapping = { epoch: 1, key: new Uint8Array(32).fill(0xc3) };
  const name = { userRef: 'ab'.repeat(16) as UserRef, kid: 'cd'.repeat(8) };
  const key = new Uint8Array(32).map((_, index) => 0xa0 + index);
  const value = encodeKeyRecord(
    sodium,
    wrapping,
    name,
    {
      lifecycle: 1,
      purpose: '00000000' as PurposeTag,
      generation: 1,
      rotation: 0,
      madeAt: 0,
      lifetimeSeconds: 0,
    },
    new Uint8Array(24),
    key,
  );
  const words = wordsOf(name.userRef, name.kid);
  const opened = unwrapper.unwrap(wrapping.key, words, value);
  assert.deepEqual(opened && new Uint8Array(opened), key);
  opened?.fill(0);
  const contents = new WasmContents();
  assert.equal(contents.has(key), false);
  assert.equal(contents.has(wrapping.key), false);
  assert.equal(unwrapper.unwrap(wrapping.key, words, value.subarray(1)), null, 'too short');
  const heap = sodium.memory.HEAPU8;
  sodium.memory._free(sodium.memory._malloc(heap.length));
  assert.equal(heap.length, 0, 'libsodium’s memory has grown');
  const again = unwrapper.unwrap(wrapping.key, words, value);
  assert.deepEqual(again && new Uint8Array(again), key);
  unwrapper.close();
  unwrapper.close();
  assert.equal(unwrapper.unwrap(wrapping.key, words, value), null);
});

test('the name of a user key is read from its bytes as from its text, and nothing else is', () => {
  const digits = fc.stringMatching(/^[0-9a-f]{32}#[0-9a-f]{16}$/);
  const near = fc
    .tuple(digits, fc.nat(48), fc.string({ maxLength: 2 }))
    .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(digits, near), (text) => {
      const ascii = Buffer.from(text, 'latin1');
      const words = new Uint32Array(NAME_WORDS);
      const name = parseRecordKey(ascii);
      const isUserKey = readUserKeyName(ascii, words);
      assert.equal(isUserKey, name?.kind === 'user-key');
      if (name?.kind === 'user-key') assert.deepEqual(words, wordsOf(name.userRef, name.kid));
    }),
    { numRuns: 500 },
  );
  assert.equal(
    readUserKeyName(userKeyName('AB'.repeat(16) as UserRef, '0'.repeat(16)), new Uint32Array(6)),
    false,
  );
});
