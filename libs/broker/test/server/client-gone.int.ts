import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { SystemClock } from '@oubliette/runtime';
import { silentLogger } from '../../src/logger.js';
import { AnswerBudget } from '../../src/server/answer-budget.js';
import { Connection } from '../../src/server/connection.js';
import { ReadBuffers } from '../../src/server/read-buffers.js';
import { Turns } from '../../src/server/turns.js';
import type { Dispatcher, Sender } from '../../src/server/dispatcher.js';

test('a request that waits hears that its client is gone', async () => {
  const asked = new Promise<AbortSignal>((resolve) => {
    const dispatcher = {
      dispatch: (_frame: Uint8Array, { gone }: Sender) => ({
        handler: null,
        overlaps: false,
        run: async () => {
          resolve(gone);
          await once(gone, 'abort');
          return null;
        },
      }),
    } as unknown as Dispatcher;
    const server = createServer((socket) => serve(socket, dispatcher, () => server.close()));
    server.listen(0, '127.0.0.1', () => {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      client.write(Buffer.from([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0]));
      void asked.then(() => client.destroy());
    });
  });
  const gone = await asked;
  if (!gone.aborted) await once(gone, 'abort');
  assert.ok(gone.aborted);
});

function serve(socket: Socket, dispatcher: Dispatcher, onClose: () => void): void {
  const clock = new SystemClock();
  new Connection({
    socket,
    dispatcher,
    clock,
    turns: new Turns(clock),
    answers: new AnswerBudget(),
    buffers: new ReadBuffers(),
    logger: silentLogger,
    maxRequestBytes: 1_000,
    onClose,
  });
}
