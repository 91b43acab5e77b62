import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { postgresInstalled, startPostgres, temporaryDirectory } from '@oubliette/testing';

/** PostgreSQL's SSLRequest: eight bytes, its length and the code 80877103. The server answers with one letter. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(sslRequest));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('latin1'));
    });
  });
}

test('a fresh PostgreSQL serves at its address until it is stopped', async () => {
  assert.ok(postgresInstalled());
  const directory = temporaryDirectory();
  try {
    const server = await startPostgres({ workDir: directory.path });
    assert.equal(new URL(server.url).port, `${server.port}`);
    assert.equal(await ask(server.port), 'N');
    await server.stop();
    await assert.rejects(ask(server.port), { code: 'ECONNREFUSED' });
  } finally {
    directory.remove();
  }
});
