import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { SystemClock } from '@oubliette/runtime';
import { startBundledBroker, temporaryDirectory } from '@oubliette/testing';
import { brokersAnswer } from '../../src/startup/brokers-answer.js';

const clock = new SystemClock();

test('a broker that answers is enough', async () => {
  const directory = temporaryDirectory('brokers-answer');
  const broker = await startBundledBroker({ workDir: directory.path });
  try {
    await brokersAnswer(['127.0.0.1:1', broker.bootstrap], clock, 5_000);
  } finally {
    await broker.stop();
    directory.remove();
  }
});

test('a port that nobody listens on, and one that speaks something else, are said to be no brokers', async () => {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const other = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await assert.rejects(brokersAnswer(['127.0.0.1:1', other], clock, 0), { code: 'BROKERS_UNREACHABLE' });
  } finally {
    server.close();
  }
});
