import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecordKey, writeRecordKey } from '../src/index.js';
import type { UserRef } from '@oubliette/keyring';

const userRef = '0123456789abcdef0123456789abcdef' as UserRef;
const name = 'f'.repeat(31) + '0';

test('a record key names user, lifecycle and record, and reads as it was written', () => {
  const key = writeRecordKey(userRef, 12, name);
  assert.equal(Buffer.from(key).toString('latin1'), `${userRef}#12#${name}`);
  assert.deepEqual(readRecordKey(key), { userRef, lifecycle: 12, name });
});

test('a pseudonym alone is a key without lifecycle and name', () => {
  assert.deepEqual(readRecordKey(userRef), { userRef, lifecycle: null, name: null });
});

test('one spelling a key: everything else is none', () => {
  for (const other of [
    '',
    userRef.slice(1),
    userRef.toUpperCase(),
    `${userRef}#1`,
    `${userRef}#0#${name}`,
    `${userRef}#01#${name}`,
    `${userRef}#1#${name.slice(1)}`,
    `${userRef}#1#${name}#`,
    `${userRef}#1#${name}\n`,
    `${userRef}#1234567890#${name}`,
    `${userRef}#0123456789abcdef`,
    'oubliette.nudge',
  ])
    assert.equal(readRecordKey(other), null, other);
});

test('bytes that are a part of a larger buffer are read alone', () => {
  const whole = Buffer.concat([Buffer.from('xx'), writeRecordKey(userRef, 1, name), Buffer.from('yy')]);
  assert.deepEqual(readRecordKey(whole.subarray(2, -2)), { userRef, lifecycle: 1, name });
});
