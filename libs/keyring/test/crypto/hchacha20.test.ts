import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hchacha20, hchacha20State } from '../../src/crypto/hchacha20.js';
import { fromHex, toHex } from '../../src/hex.js';

// draft-irtf-cfrg-xchacha-03, section 2.2.1.
const vector = {
  key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  nonce: '000000090000004a0000000031415927',
  subkey: '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
};

test('HChaCha20 gives the subkey of the draft, and leaves its state zero', () => {
  const out = new Uint8Array(32);
  const state = hchacha20State();
  hchacha20(fromHex(vector.key), fromHex(vector.nonce), out, state);
  assert.equal(toHex(out), vector.subkey);
  assert.deepEqual([...state], new Array(16).fill(0));
});

test('HChaCha20 reads unaligned views, and only the first 16 bytes of a nonce', () => {
  const memory = new Uint8Array(100).fill(0xee);
  memory.set(fromHex(vector.key), 3);
  memory.set(fromHex(vector.nonce), 41);
  hchacha20(memory.subarray(3, 35), memory.subarray(41, 65), memory.subarray(66, 98), hchacha20State());
  assert.equal(toHex(memory.subarray(66, 98)), vector.subkey);
  assert.deepEqual([memory[65], memory[98]], [0xee, 0xee]);
});

test('HChaCha20 refuses keys, nonces and places of other sizes', () => {
  const sizes = [
    [31, 16, 32],
    [33, 16, 32],
    [32, 15, 32],
    [32, 16, 31],
  ] as const;
  for (const [key, nonce, out] of sizes) {
    assert.throws(
      () => hchacha20(new Uint8Array(key), new Uint8Array(nonce), new Uint8Array(out), hchacha20State()),
      RangeError,
    );
  }
});
