import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserHasher } from '../../src/crypto/user-hasher.js';
import { loadSodium } from '../../src/crypto/sodium.js';
import { hashUserId, MAX_USER_ID_BYTES } from '../../src/user-ref.js';
import { failsWith } from '../process.js';
import { memory, patternOf } from './drivers.js';
import { WasmContents } from './wasm-contents.js';

const sodium = await loadSodium();
const key = patternOf(32, 7);

test('ids of any text are hashed as the plain way does', () => {
  const hasher = new UserHasher(sodium, key);
  const id = fc.oneof(
    fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: MAX_USER_ID_BYTES }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  );
  fc.assert(
    fc.property(id, (userId) => {
      assert.equal(hasher.userRef(userId), hashUserId(sodium, key, userId));
    }),
  );
  for (const length of [1, 127, 128, 129, MAX_USER_ID_BYTES])
    assert.equal(hasher.userRef('x'.repeat(length)), hashUserId(sodium, key, 'x'.repeat(length)));
  hasher.close();
});

test('an id that is none is refused as the plain way does', () => {
  const hasher = new UserHasher(sodium, key);
  const long = 'x'.repeat(MAX_USER_ID_BYTES);
  for (const userId of ['', `${long}x`, `${long.slice(1)}ü`, 'ada\ud800'])
    assert.throws(() => hasher.userRef(userId), failsWith('USER_ID_INVALID'));
  hasher.close();
});

test('libsodium’s memory may grow under it, and holds no id and no key afterwards', () => {
  const hasher = new UserHasher(sodium, key);
  const ids = ['an id of a person, in ASCII', 'an id of a person, in ASCII and ü'];
  const expected = ids.map((userId) => hashUserId(sodium, key, userId));
  const block = memory._malloc(64 * 1024 * 1024);
  for (const [index, userId] of ids.entries()) {
    assert.equal(hasher.userRef(userId), expected[index]);
    assert.equal(new WasmContents().has('id of a person'), false);
  }
  memory._free(block);
  hasher.close();
  assert.equal(new WasmContents().has(key), false);
});
