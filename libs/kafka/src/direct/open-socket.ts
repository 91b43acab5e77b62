import { Buffer } from 'node:buffer';
import { connect as connectTcp, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConnectionError } from './errors.js';
import type { Address, Settings } from './options.js';

const RECEIVE_BYTES = 64 * 1024;

/**
 * Connects. `receive` gets what comes in; without TLS all of it in one and the same buffer, which is good for the call alone: a start reads
 * hundreds of megabytes, and chunks that wait for the collector would stay on as memory of the process.
 * Throws `ConnectionError` CONNECT_FAILED, or the signal's reason.
 */
export function openSocket(
  address: Address,
  settings: Settings,
  signal: AbortSignal,
  receive: (chunk: Uint8Array) => void,
): Promise<Socket> {
  const { tls, clock, connectTimeoutMs } = settings;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket =
      tls !== null
        ? connectTls({ ...tls, ...address }).on('data', receive)
        : connectTcp({ ...address, onread: intoOne(receive) });
    const settle = (error: unknown): void => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      if (error === null) {
        resolve(socket);
        return;
      }
      socket.on('error', () => undefined); // it was reported already
      socket.destroy();
      reject(error);
    };
    const failed = (why: string, cause?: unknown): ConnectionError =>
      new ConnectionError('CONNECT_FAILED', `cannot connect to ${address.host}:${address.port}: ${why}`, {
        cause,
      });
    const onError = (cause: Error): void =>
      settle(failed('code' in cause ? String(cause.code) : cause.name, cause));
    const onAbort = (): void => settle(signal.reason);
    const timer = clock.schedule(connectTimeoutMs, () =>
      settle(failed(`no answer in ${connectTimeoutMs} ms`)),
    );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once(tls !== null ? 'secureConnect' : 'connect', () => settle(null));
  });
}

function intoOne(receive: (chunk: Uint8Array) => void): OnReadOpts {
  return {
    buffer: Buffer.allocUnsafeSlow(RECEIVE_BYTES),
    callback: (length, buffer) => {
      receive(buffer.subarray(0, length));
      return true;
    },
  };
}
