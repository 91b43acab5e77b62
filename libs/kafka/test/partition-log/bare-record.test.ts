import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBareRecord } from '../../src/partition-log/bare-record.js';

const noValue = (value: Uint8Array | null): boolean => value === null;

function keyOf(...bytes: readonly number[]): string {
  const record = { key: Uint8Array.from(bytes), value: null, offset: 0n, timestamp: 0 };
  return toBareRecord(record, noValue).key;
}

test('bad input: a key that begins with a byte order mark is not the key without it', () => {
  assert.equal(keyOf(0x61), 'a');
  assert.notEqual(keyOf(0xef, 0xbb, 0xbf, 0x61), 'a');
});

test('bad input: a key that is no UTF-8 is nobody’s, and a value of no bytes is a value', () => {
  assert.equal(keyOf(0xff), '\uFFFD');
  const record = { key: null, value: new Uint8Array(0), offset: 0n, timestamp: 0 };
  assert.deepEqual(toBareRecord(record, noValue), { key: '', tombstone: false, offset: 0n, timestamp: 0 });
});
