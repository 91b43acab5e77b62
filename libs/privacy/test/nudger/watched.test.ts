import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRoom } from '../../src/nudger/watched.js';

test('of 20,000 that are watched the oldest makes room for one more; what is not done stays', () => {
  const jobs = new Map([['open', false]]);
  for (let job = 1; job <= 20_000; job++) {
    makeRoom(jobs, (isDone) => isDone);
    jobs.set(`e${job}`, true);
  }
  assert.equal(jobs.size, 20_001);
  makeRoom(jobs, (isDone) => isDone);
  assert.equal(jobs.size, 20_000);
  assert.deepEqual([...jobs.keys()].slice(0, 2), ['open', 'e2']);
});
