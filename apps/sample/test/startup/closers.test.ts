import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Closers } from '../../src/startup/closers.js';

it('everything is closed last first and once, also when one of them fails', async () => {
  const closed: string[] = [];
  const closers = new Closers();
  closers.defer(() => void closed.push('first'));
  closers.add({ close: () => Promise.reject(new Error('second')) });
  closers.defer(async () => void closed.push('third'));
  await assert.rejects(Promise.all([closers.close(), closers.close()]), /second/);
  assert.deepEqual(closed, ['third', 'first']);
});
