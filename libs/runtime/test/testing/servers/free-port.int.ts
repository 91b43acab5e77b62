import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../../../src/testing/index.js';

test('a free port is one that nobody has and that the system gives nobody, another at each call', async () => {
  const first = await freePort();
  const server = createServer().listen(first + 1, '127.0.0.1');
  await once(server, 'listening');
  try {
    const second = await freePort();
    assert.notEqual(second, first);
    assert.notEqual(second, first + 1, 'somebody listens there');
    for (const port of [first, second]) assert.ok(port >= 1_024 && port < 32_768, `${port}`);
  } finally {
    server.close();
    await once(server, 'close');
  }
});
