import assert from 'node:assert/strict';
import type { Aead } from '../../src/crypto/aead.js';
import { loadAeads } from '../../src/crypto/sodium.js';

const loaded = await loadAeads();

export const { memory, aeads } = loaded;

/** All three: a test must not pass because a driver is missing. */
export const drivers: readonly Aead[] = [aeads.wasm, aeads.native, aeads.node].map((aead) => {
  assert.ok(aead, 'sodium-native is a development dependency, and Node has ChaCha20-Poly1305');
  return aead;
});

/** Bytes that differ by seed and place; quick for megabytes. */
export function patternOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let word = seed | 1;
  for (let index = 0; index < length; index++) {
    word = Math.imul(word, 1664525) + 1013904223;
    bytes[index] = word >>> 24;
  }
  return bytes;
}

/** The same bytes in a view that begins at `offset` of larger memory. */
export function viewAt(offset: number, bytes: Uint8Array): Uint8Array {
  const memoryAround = new Uint8Array(offset + bytes.length + 9).fill(0xee);
  const view = memoryAround.subarray(offset, offset + bytes.length);
  view.set(bytes);
  return view;
}

/** What stands around a view is as `viewAt` left it. */
export function isAroundUntouched({ buffer, byteOffset, length }: Uint8Array): boolean {
  const before = new Uint8Array(buffer, 0, byteOffset);
  const after = new Uint8Array(buffer, byteOffset + length);
  return [...before, ...after].every((byte) => byte === 0xee);
}

export function isEqual(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && Buffer.compare(a, b) === 0;
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
