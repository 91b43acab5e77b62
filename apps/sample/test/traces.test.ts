import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { TraceSearch } from './support/traces.js';

it('a trace is found as it is, encoded at any place, and hashed without a key', () => {
  const search = new TraceSearch(['Qwyxley']);
  for (const content of [
    'a Qwyxley here',
    'qwyxley',
    'QWYXLEY',
    ...[0, 1, 2].map((lead) => Buffer.from(`${'x'.repeat(lead)}Qwyxley!`).toString('base64')),
    Buffer.from('..Qwyxley').toString('hex'),
    createHash('sha256').update('qwyxley').digest('hex'),
    createHash('md5').update('Qwyxley').digest(),
    Buffer.from('Qwyxley', 'utf16le'),
  ])
    assert.deepEqual(search.found([['here', content]]), ['here'], String(content));
  assert.deepEqual(
    search.found([
      ['here', 'Qwyxle'],
      ['there', Buffer.alloc(64)],
    ]),
    [],
  );
  assert.deepEqual(new TraceSearch(['Zoë@x']).found([['here', 'zoë@x']]), ['here']);
});
