import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerBuffers, ReadBuffers } from '../../src/server/read-buffers.js';

const MiB = 1024 * 1024;

test('what an answer was read into serves the next one, once it is given back', () => {
  const pool = new ReadBuffers();
  const answer = new AnswerBuffers(pool);
  const first = answer.allocate(MiB);
  assert.equal(first.length, MiB);
  const giveBack = answer.detach();
  assert.notEqual(answer.allocate(MiB).buffer, first.buffer, 'it is still being sent');
  giveBack?.();
  assert.equal(answer.allocate(MiB - 1).buffer, first.buffer);
  assert.equal(pool.idleBytes, 0);
});

test('small ones are not kept, nor more than the bound, nor is there anything to give back twice', () => {
  const pool = new ReadBuffers();
  const answer = new AnswerBuffers(pool);
  answer.allocate(100);
  answer.detach()?.();
  assert.equal(pool.idleBytes, 0);
  for (let taken = 0; taken < 40; taken++) answer.allocate(MiB);
  answer.detach()?.();
  assert.equal(pool.idleBytes, 16 * MiB);
  assert.equal(answer.detach(), null);
});
