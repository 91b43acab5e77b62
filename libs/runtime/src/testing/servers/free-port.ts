import { createServer } from 'node:net';

/*
 * Below those that the system gives to clients and to servers with port 0 (ip(7), ip_local_port_range: from 32768): one of these could
 * be taken before its process has started. Each process of the tests begins at ports of its own.
 */
const [lowest, count] = [12_000, 20_000];
const perProcess = 16;

let tried = process.pid * perProcess;

/** A TCP port of 127.0.0.1 that nobody listens on, for a process that will take a while to. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < count; tries++) {
    const port = lowest + (tried++ % count);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port is free from ${lowest} to ${lowest + count - 1}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) =>
      'code' in error && error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
