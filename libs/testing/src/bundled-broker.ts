import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '@oubliette/runtime';
import { freePort, startProcess, type EngineServer } from '@oubliette/runtime/testing';

export interface BundledBrokerOptions {
  /** Takes data and log. A directory that was used before is started again with its data. */
  readonly workDir: string;
  /** Broker settings by Kafka's names, e.g. `log.cleaner.backoff.ms`. */
  readonly config?: Readonly<Record<string, string>>;
  /** To come back at the same address; default: a free one. */
  readonly port?: number;
}

const readyTimeoutMs = 90_000;

/** Starts the bundled broker as a process of its own, so that it can be crashed; resolves when it serves. */
export async function startBundledBroker(options: BundledBrokerOptions): Promise<EngineServer> {
  const port = options.port ?? (await freePort());
  const dataDir = join(options.workDir, 'data');
  const logFile = join(options.workDir, 'broker.log');
  mkdirSync(options.workDir, { recursive: true });
  const order = JSON.stringify({ dataDir, port, config: options.config ?? {} });
  const managed = await startProcess({
    name: 'The bundled broker',
    command: process.execPath,
    args: [fileURLToPath(new URL('./bundled-broker-process.js', import.meta.url)), order],
    logFile,
    ready: (log) => /^ready /m.test(log),
    readyTimeoutMs,
    stopSignal: 'SIGTERM',
    clock: new SystemClock(),
  });
  return {
    bootstrap: `127.0.0.1:${port}`,
    port,
    dataDir,
    logFile,
    pid: managed.pid,
    stop: () => managed.stop(),
    kill: () => managed.kill(),
  };
}
