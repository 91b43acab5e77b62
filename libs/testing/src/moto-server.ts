import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '@oubliette/runtime';
import { freePort, startProcess, TestingError } from '@oubliette/runtime/testing';

export interface MotoServerOptions {
  /** `moto_server`; default: the environment's OUBLIETTE_MOTO. */
  readonly command?: string;
  /** Takes the log. Keys live in memory: a new start is an empty service. */
  readonly workDir: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface MotoServer {
  /** For a client's `endpoint`. */
  readonly endpoint: string;
  readonly port: number;
  readonly logFile: string;
  stop(): Promise<void>;
}

/**
 * Starts moto's server, which plays AWS; resolves when it serves. It ignores the state of a KMS key: disabled keys and
 * keys to be deleted still decrypt.
 */
export async function startMoto(options: MotoServerOptions): Promise<MotoServer> {
  const command = options.command ?? process.env['OUBLIETTE_MOTO'];
  if (command === undefined || !existsSync(command))
    throw new TestingError('MOTO_MISSING', 'No moto: set OUBLIETTE_MOTO to the path of its `moto_server`.');
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = join(options.workDir, 'moto.log');
  mkdirSync(options.workDir, { recursive: true });
  const managed = await startProcess({
    name: 'moto',
    command,
    args: ['-H', '127.0.0.1', '-p', `${port}`],
    logFile,
    ready: () => answers(`${endpoint}/moto-api/`),
    readyTimeoutMs: 90_000,
    stopSignal: 'SIGTERM',
    clock: new SystemClock(),
  });
  return { endpoint, port, logFile, stop: () => managed.stop() };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet: that is the answer.
    return false;
  }
}
