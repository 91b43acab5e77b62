import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, type Aead } from '../../src/crypto/aead.js';
import { fromHex, toHex } from '../../src/hex.js';
import { drivers, isAroundUntouched, isEqual, patternOf, viewAt } from './drivers.js';

interface Message {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ad: Uint8Array;
  readonly plaintext: Uint8Array;
}

// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
const vector = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  nonce: '404142434445464748494a4b4c4d4e4f5051525354555657',
  ad: '50515253c0c1c2c3c4c5c6c7',
  plaintext: Buffer.from(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  ).toString('hex'),
  ciphertext:
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39' +
    'ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
    '21f9664c97637da9768812f615c68b13b52e',
  tag: 'c0875924c1c7987947deafd8780acf49',
};

function seal(aead: Aead, { key, nonce, ad, plaintext }: Message): Uint8Array {
  const out = viewAt(3, new Uint8Array(plaintext.length + TAG_BYTES));
  aead.seal(key, nonce, ad, plaintext, out);
  assert.ok(isAroundUntouched(out), `${aead.name} writes beside its place`);
  return out;
}

const open = (aead: Aead, { key, nonce, ad }: Message, ciphertext: Uint8Array) =>
  aead.open(key, nonce, ad, ciphertext);

/** All drivers seal to the same bytes and open each other's. Returns those bytes. */
function assertSame(message: Message): Uint8Array {
  const [first, ...others] = drivers.map((aead) => seal(aead, message));
  assert.ok(first);
  for (const [index, other] of others.entries()) {
    assert.ok(isEqual(other, first), `${drivers[index + 1]?.name}: ${message.plaintext.length} bytes`);
  }
  for (const aead of drivers) {
    const opened = open(aead, message, first);
    assert.ok(isEqual(opened, message.plaintext), `${aead.name}: ${message.plaintext.length} bytes`);
    assert.notEqual(opened?.buffer, first.buffer, 'the plaintext has memory of its own');
  }
  return first;
}

for (const aead of drivers) {
  test(`${aead.name} seals and opens the vector of the draft`, () => {
    const { key, nonce, ad, plaintext } = vector;
    const message = {
      key: fromHex(key),
      nonce: fromHex(nonce),
      ad: fromHex(ad),
      plaintext: fromHex(plaintext),
    };
    assert.equal(toHex(seal(aead, message)), vector.ciphertext + vector.tag);
    const opened = open(aead, message, fromHex(vector.ciphertext + vector.tag));
    assert.equal(opened && toHex(opened), plaintext);
  });

  test(`${aead.name} refuses keys, nonces and places of other sizes, and is null for less than a tag`, () => {
    const key = new Uint8Array(KEY_BYTES);
    const nonce = new Uint8Array(NONCE_BYTES);
    const none = new Uint8Array(0);
    const wrong: (() => unknown)[] = [
      () => aead.seal(key.subarray(1), nonce, none, none, new Uint8Array(TAG_BYTES)),
      () => aead.seal(key, nonce.subarray(1), none, none, new Uint8Array(TAG_BYTES)),
      () => aead.seal(key, nonce, none, none, new Uint8Array(TAG_BYTES - 1)),
      () => aead.seal(key, nonce, none, none, new Uint8Array(TAG_BYTES + 1)),
      () => aead.open(key.subarray(1), nonce, none, new Uint8Array(TAG_BYTES)),
      () => aead.open(key, new Uint8Array(NONCE_BYTES + 1), none, new Uint8Array(TAG_BYTES)),
    ];
    for (const call of wrong) assert.throws(call, RangeError);
    for (let length = 0; length < TAG_BYTES; length++) {
      assert.equal(aead.open(key, nonce, none, new Uint8Array(length)), null);
    }
  });
}

const sizes = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 100 * 1024 }) },
  { weight: 1, arbitrary: fc.constantFrom(511, 512, 513, 3071, 3072, 3073, 65_535, 65_536, 65_537) },
);
const adSizes = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 8 * 1024 }));
const messages = fc
  .record({
    seed: fc.integer(),
    length: sizes,
    adLength: adSizes,
    offsets: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 9 }))),
  })
  .map(({ seed, length, adLength, offsets: [a = 0, b = 0, c = 0, d = 0] }) => ({
    key: viewAt(a, patternOf(KEY_BYTES, seed)),
    nonce: viewAt(b, patternOf(NONCE_BYTES, seed + 2)),
    ad: viewAt(c, patternOf(adLength, seed + 4)),
    plaintext: viewAt(d, patternOf(length, seed + 6)),
  }));

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = viewAt(1, bytes);
  changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
  return changed;
}

test('all drivers seal to the same bytes, and refuse the same that were changed', () => {
  fc.assert(
    fc.property(messages, fc.nat(), (message, where) => {
      const sealed = assertSame(message);
      const { key, nonce, ad } = message;
      const changes: [Message, Uint8Array][] = [
        [message, flipped(sealed, where % sealed.length)],
        [message, flipped(sealed, sealed.length - 1 - (where % TAG_BYTES))],
        [message, sealed.subarray(0, where % sealed.length)],
        [message, sealed.subarray(1)],
        [message, new Uint8Array([...sealed.subarray(-100), 0])],
        [{ ...message, key: flipped(key, where % KEY_BYTES) }, sealed],
        [{ ...message, nonce: flipped(nonce, where % 16) }, sealed],
        [{ ...message, nonce: flipped(nonce, 16 + (where % 8)) }, sealed],
        [{ ...message, ad: new Uint8Array([...ad, 0]) }, sealed],
      ];
      if (ad.length > 0) {
        changes.push([{ ...message, ad: flipped(ad, where % ad.length) }, sealed]);
        changes.push([{ ...message, ad: ad.subarray(1) }, sealed]);
      }
      for (const [index, [changed, ciphertext]] of changes.entries()) {
        for (const aead of drivers) {
          assert.equal(open(aead, changed, ciphertext), null, `${aead.name}, change ${index}`);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('all drivers agree on megabytes', () => {
  for (const length of [1024 * 1024 + 1, 16 * 1024 * 1024]) {
    const message = {
      key: patternOf(KEY_BYTES, length),
      nonce: patternOf(NONCE_BYTES, 3),
      ad: patternOf(110, 5),
      plaintext: patternOf(length, 7),
    };
    const sealed = assertSame(message);
    const changed = flipped(sealed, length >> 1);
    for (const aead of drivers) assert.equal(open(aead, message, changed), null);
  }
});
