import assert from 'node:assert/strict';
import { after } from 'node:test';
import { KeyringError, type KeyringErrorCode } from '@oubliette/keyring';
import { temporaryDirectory } from '@oubliette/testing';
import { TcpGate } from './tcp-gate.js';

/** What the tests of master keys in a service wrap, and for what. */
export const context = new TextEncoder().encode('a context');
export const secret = new Uint8Array(73).fill(7);

/** Starts a key service for the length of the test file, with a gate before it that can be shut. */
export async function startKeyService<S extends { stop(): Promise<void> }>(
  start: (options: { readonly workDir: string }) => Promise<S>,
  portOf: (server: S) => number,
): Promise<{ readonly server: S; readonly gate: TcpGate }> {
  const directory = temporaryDirectory();
  const server = await start({ workDir: directory.path });
  const gate = new TcpGate(portOf(server));
  await gate.open();
  after(async () => {
    await gate.shut();
    await server.stop();
    directory.remove();
  });
  return { server, gate };
}

export const failsWith =
  (code: KeyringErrorCode, pattern = /./) =>
  (error: unknown): true => {
    assert.ok(error instanceof KeyringError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    return true;
  };
