import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, errorName, KafkaError } from '../src/index.js';

test('a KafkaError by name and by number', () => {
  const error = new KafkaError('NOT_LEADER_OR_FOLLOWER', 'partition 3');
  assert.deepEqual(
    [error.code, error.codeName, error.retriable, error.message, error.name],
    [6, 'NOT_LEADER_OR_FOLLOWER', true, 'NOT_LEADER_OR_FOLLOWER: partition 3', 'KafkaError'],
  );
  assert.equal(new KafkaError(1).codeName, 'OFFSET_OUT_OF_RANGE');
  assert.equal(new KafkaError(1).retriable, false);
});

test('a number that is not in the table keeps it', () => {
  const error = new KafkaError(9_999);
  assert.deepEqual([error.code, error.codeName, error.retriable], [9_999, 'UNKNOWN_SERVER_ERROR', false]);
});

test('codes are unique, from -1 to 133 without a gap', () => {
  const codes = Object.values(ErrorCode).sort((a, b) => a - b);
  assert.deepEqual(
    codes,
    Array.from({ length: 135 }, (_, index) => index - 1),
  );
  for (const [name, code] of Object.entries(ErrorCode)) assert.equal(errorName(code), name);
});
