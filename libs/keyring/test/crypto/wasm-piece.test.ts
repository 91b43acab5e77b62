import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { chooseAlways } from '../../src/crypto/aead-choice.js';
import { EntropyPool } from '../../src/crypto/entropy-pool.js';
import { EnvelopeEngine } from '../../src/crypto/envelope-engine.js';
import { sodiumOver } from '../../src/crypto/sodium.js';
import { UserHasher } from '../../src/crypto/user-hasher.js';
import { WasmAead } from '../../src/crypto/wasm-aead.js';
import type { WasmMemory } from '../../src/crypto/wasm-memory.js';
import { withWasmBytes, WasmPiece } from '../../src/crypto/wasm-piece.js';
import { KeyUnwrapper } from '../../src/key-unwrapper.js';
import { failsWith } from '../process.js';
import { aeads, memory, patternOf } from './drivers.js';
import { WasmContents } from './wasm-contents.js';

const key = patternOf(32, 201);
const nonce = patternOf(24, 203);
const none = new Uint8Array();

/** libsodium's memory, of which no more is to be had. */
const full: WasmMemory = Object.assign(Object.create(memory) as WasmMemory, { _malloc: () => 0 });

test('a piece is overwritten when it is given back, once', () => {
  const freed: number[] = [];
  const watched: WasmMemory = Object.assign(Object.create(memory) as WasmMemory, {
    _free: (address: number) => freed.push(address),
  });
  const piece = new WasmPiece(watched, key.length);
  const { address } = piece;
  piece.heap.set(key, address);
  assert.equal(piece.buffer.toString('hex', address, address + 32), Buffer.from(key).toString('hex'));
  piece.close();
  piece.close();
  assert.deepEqual(freed, [address]);
  assert.equal(piece.address, 0);
  assert.ok(memory.HEAPU8.subarray(address, address + key.length).every((byte) => byte === 0));
  memory._free(address);
});

test('the memory for one call is overwritten also when the call fails', () => {
  let at = 0;
  const failing = () =>
    withWasmBytes(memory, key.length, (address) => {
      at = address;
      memory.HEAPU8.set(key, address);
      throw new RangeError('as it may');
    });
  assert.throws(failing, RangeError);
  assert.notEqual(at, 0);
  assert.equal(new WasmContents().has(key), false);
});

test('a piece is read and written where it stands after the memory has grown', () => {
  const piece = new WasmPiece(memory, key.length);
  piece.heap.set(key, piece.address);
  const before = { heap: piece.heap, buffer: piece.buffer };
  memory._free(memory._malloc(memory.HEAPU8.length));
  assert.deepEqual([before.heap.length, before.buffer.length], [0, 0], 'it grew');
  for (const bytes of [piece.heap, piece.buffer])
    assert.deepEqual(new Uint8Array(bytes.subarray(piece.address, piece.address + 32)), key);
  assert.equal(piece.buffer, piece.buffer);
  const { address } = piece;
  piece.close();
  assert.ok(memory.HEAPU8.subarray(address, address + 32).every((byte) => byte === 0));
});

test('where no memory is to be had, whoever needs some says so and writes nothing', () => {
  const sodium = { ...sodiumOver(memory, chooseAlways(aeads.wasm)), memory: full };
  const aead = new WasmAead(memory);
  const refused = failsWith('SODIUM_OUT_OF_MEMORY');
  assert.throws(() => new EnvelopeEngine(sodium, key, new EntropyPool(new SeededEntropy(1))), refused);
  assert.throws(() => new UserHasher(sodium, key), refused);
  assert.throws(() => new KeyUnwrapper(sodium), refused);
  assert.throws(() => sodiumOver(full, sodium.aeads), refused);

  const { _malloc } = memory;
  memory._malloc = () => 0;
  try {
    assert.throws(() => aead.seal(key, nonce, none, none, new Uint8Array(16)), refused);
    assert.throws(() => aead.open(key, nonce, none, new Uint8Array(16)), refused);
    assert.throws(() => sodium.mac(key, none, 16), refused);
  } finally {
    memory._malloc = _malloc;
  }
  assert.equal(new WasmContents().has(key), false);
});
