import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { signerOfSeed, TrustedKey } from '../../src/certificate/signing-key.js';
import { isWeakPoint } from '../../src/certificate/weak-point.js';

const identity = encoded(1n);
/** The points of order 1, 2, 4 and 8, as libsodium lists them, and two of them in a second spelling. */
const weak = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex): Buffer => Buffer.from(hex, 'hex'));

function encoded(y: bigint): Buffer {
  return Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
}

function opensslVerifies(publicKey: Buffer, message: Buffer, signature: Buffer): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

test('a signature that needs no key fits under no point of small order, whatever OpenSSL says', () => {
  const signature = Buffer.concat([identity, Buffer.alloc(32)]);
  const messages = Array.from({ length: 40 }, (_, index) => Buffer.from(`message ${index}`));
  for (const point of weak.flatMap((one) => [one, signed(one)])) {
    assert.ok(isWeakPoint(point), point.toString('hex'));
    const key = new TrustedKey(point);
    const fitting = messages.find((message) => opensslVerifies(point, message, signature));
    // OpenSSL before 3.4 finds one for each that is a point; later ones refuse such keys themselves.
    for (const message of fitting === undefined ? messages : [fitting])
      assert.equal(key.verifies(message, signature), false);
  }
});

test('a signature of a good key whose first half is of small order is none', () => {
  // By the seed 07…07 with 0 for the secret of the signature: R is the identity, S is SHA-512(R, A, `m`) times the key.
  const signer = signerOfSeed(new Uint8Array(32).fill(7));
  const signature = Buffer.from(
    '0100000000000000000000000000000000000000000000000000000000000000a0000a78db7a82c4c93e9993fa593de3ae8f9c2be437041e83562bebd74d4907',
    'hex',
  );
  assert.equal(new TrustedKey(signer.publicKey).verifies(Buffer.from('m'), signature), false);
});

test('a good point beside a weak key does not help it', () => {
  // R is five times the base point, S is 5: under the identity as the key it fits every message.
  const signature = Buffer.from(
    'edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df0500000000000000000000000000000000000000000000000000000000000000',
    'hex',
  );
  assert.equal(isWeakPoint(signature.subarray(0, 32)), false);
  assert.equal(new TrustedKey(identity).verifies(Buffer.from('anything'), signature), false);
});

test('keys and signatures that were made as they should are not weak', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const signer = signerOfSeed(new Uint8Array(32).fill(seed));
    const message = Buffer.from(`${seed}`);
    assert.ok(new TrustedKey(signer.publicKey).verifies(message, await signer.sign(message)));
  }
  assert.equal(isWeakPoint(encoded(2n)), false);
});

/** The point with the other first coordinate. */
function signed(point: Buffer): Buffer {
  const other = Buffer.from(point);
  other[31] = (other[31] ?? 0) | 0x80;
  return other;
}
