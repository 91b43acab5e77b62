import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOfTurn } from '../../src/keys/epoch-answer.js';

test('a turn tells that the old master key is gone', () => {
  const { document, lines } = answerOfTurn({ epoch: 2, recoverableUntil: null }, 40, 65_040);
  assert.deepEqual(document, { epoch: 2, rewrapped: 40, seconds: 65, recoverableUntil: null });
  assert.deepEqual(lines, [
    'Epoch 2 is in force: 40 keys wrapped anew in 65 s; the master key before it is destroyed.',
  ]);
});

test('a turn tells until when a service can take the old master key back, and never that it is destroyed', () => {
  const recoverableUntil = Date.UTC(2027, 0, 31, 12);
  const { document, lines } = answerOfTurn({ epoch: 3, recoverableUntil }, 1, 65_000);
  assert.deepEqual(document, {
    epoch: 3,
    rewrapped: 1,
    seconds: 65,
    recoverableUntil: '2027-01-31T12:00:00.000Z',
  });
  assert.match(lines.join('\n'), /scheduled\.\nUntil 2027-01-31T12:00:00\.000Z/);
  assert.doesNotMatch(lines.join('\n'), /destroyed/);
});
