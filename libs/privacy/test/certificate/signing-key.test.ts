import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signerOfSeed, TrustedKey } from '../../src/certificate/signing-key.js';
import { PrivacyError } from '../../src/errors.js';

/** RFC 8032, section 7.1: secret key, public key, message, signature. */
const vectors = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const;
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

test('the vectors of RFC 8032', async () => {
  for (const [seed, publicKey, message, signature] of vectors) {
    const signer = signerOfSeed(bytes(seed));
    assert.equal(Buffer.from(signer.publicKey).toString('hex'), publicKey);
    assert.equal(Buffer.from(await signer.sign(bytes(message))).toString('hex'), signature);
    const key = new TrustedKey(bytes(publicKey));
    assert.equal(key.verifies(bytes(message), bytes(signature)), true);
    assert.equal(key.verifies(bytes(`${message}00`), bytes(signature)), false);
  }
});

test('a signature has one form: with the order of the group added it is none (RFC 8032, section 5.1.7)', () => {
  const [, publicKey, message, signature] = vectors[0];
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const original = bytes(signature);
  const scalar = BigInt(`0x${Buffer.from(original.subarray(32)).reverse().toString('hex')}`) + order;
  const other = bytes(scalar.toString(16).padStart(64, '0')).reverse();
  const changed = Buffer.concat([original.subarray(0, 32), other]);
  assert.equal(new TrustedKey(bytes(publicKey)).verifies(bytes(message), changed), false);
});

test('bad input: a key of another length is refused', () => {
  for (const make of [() => signerOfSeed(new Uint8Array(31)), () => new TrustedKey(new Uint8Array(33))]) {
    assert.throws(make, (error) => error instanceof PrivacyError && error.code === 'CERTIFICATE_KEY_INVALID');
  }
});
