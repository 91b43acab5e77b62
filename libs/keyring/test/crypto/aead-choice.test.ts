import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseAlways, chooseBySize } from '../../src/crypto/aead-choice.js';
import { loadNativeAead } from '../../src/crypto/native-aead.js';
import { loadSodium, TAG_BYTES } from '../../src/crypto/sodium.js';
import { aeads, drivers, isEqual, patternOf } from './drivers.js';

const sizes = [0, 1, 512, 513, 1025, 3072, 3073, 65_536, 65_537, 16 * 1024 * 1024];
const names = (available: Parameters<typeof chooseBySize>[0]) =>
  sizes.map((size) => chooseBySize(available).forLength(size).name);
const [wasm, native, node] = ['libsodium-wrappers', 'sodium-native', 'node:crypto'];

test('the driver is chosen by size and by what is installed', () => {
  assert.deepEqual(names(aeads), [wasm, wasm, wasm, native, native, native, native, native, node, node]);
  const bare = { ...aeads, native: null };
  assert.deepEqual(names(bare), [wasm, wasm, wasm, wasm, wasm, wasm, node, node, node, node]);
  assert.deepEqual(new Set(names({ ...bare, node: null })), new Set([wasm]));
  assert.equal(chooseBySize({ ...aeads, node: null }).forLength(65_537).name, native);
  for (const aead of drivers) assert.equal(chooseAlways(aead).forLength(1), aead);
});

test('small values never leave the engine’s memory for a driver of another kind', () => {
  for (const available of [aeads, { ...aeads, native: null }]) {
    const choice = chooseBySize(available);
    assert.equal(choice.forLength(choice.smallBytes).name, wasm);
    assert.notEqual(choice.forLength(choice.smallBytes + 1).name, wasm);
  }
});

test('what is sealed where sodium-native is installed opens where it is not', async () => {
  const sodium = await loadSodium();
  const key = patternOf(32, 1);
  const nonce = patternOf(24, 2);
  const ad = patternOf(40, 3);
  for (const size of sizes.slice(0, -1)) {
    const plaintext = patternOf(size, 4);
    const sealed = sodium.encrypt(key, nonce, ad, plaintext);
    assert.equal(sealed.length, size + TAG_BYTES);
    const elsewhere = chooseBySize({ ...aeads, native: null }).forLength(size);
    assert.ok(isEqual(elsewhere.open(key, nonce, ad, sealed), plaintext));
    assert.ok(isEqual(sodium.decrypt(key, nonce, ad, sealed), plaintext));
    assert.equal(sodium.decrypt(key, nonce, ad, sealed.subarray(1)), null);
  }
});

test('sodium-native is gone without when it is not there, and told of when it does not run', async (t) => {
  const warnings: string[] = [];
  t.mock.method(process, 'emitWarning', (message: string) => void warnings.push(message));
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error('no'), { code }));
  assert.equal(await loadNativeAead(failing('ERR_MODULE_NOT_FOUND')), null);
  assert.deepEqual(warnings, []);
  assert.equal(await loadNativeAead(failing('ERR_DLOPEN_FAILED')), null);
  assert.equal(await loadNativeAead(() => Promise.resolve({ default: {} })), null);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /sodium-native .*ERR_DLOPEN_FAILED/);
  assert.equal((await loadNativeAead())?.name, native);
});
