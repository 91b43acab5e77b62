import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, SystemClock, type Clock } from '@oubliette/runtime';
import { freePort, startProcess, TestingError } from '@oubliette/runtime/testing';

export interface OpenBaoServerOptions {
  /** OpenBao's `bao`; default: the environment's OUBLIETTE_BAO. */
  readonly command?: string;
  /** Takes the log. Keys live in memory: a new start is an empty service. */
  readonly workDir: string;
}

export interface OpenBaoServer {
  /** Origin, e.g. http://127.0.0.1:8200. */
  readonly address: string;
  readonly rootToken: string;
  readonly logFile: string;
  /** A request with the root token; rejects unless the status is 2xx. */
  request(method: string, path: string, body?: object): Promise<unknown>;
  /** Opens a sealed one: POST sys/unseal. */
  unsealKey(): string;
  /** Stops answering (SIGSTOP) until `resume`; resolves when it has. Linux only. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

const rootToken = 'root-of-a-test';

/** Starts OpenBao in development mode with a Transit engine mounted at `transit`; resolves when it serves. */
export async function startOpenBao(options: OpenBaoServerOptions): Promise<OpenBaoServer> {
  const command = options.command ?? process.env['OUBLIETTE_BAO'];
  if (command === undefined || !existsSync(command))
    throw new TestingError('OPENBAO_MISSING', 'No OpenBao: set OUBLIETTE_BAO to the path of its `bao`.');
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const logFile = join(options.workDir, 'openbao.log');
  mkdirSync(options.workDir, { recursive: true });
  const clock = new SystemClock();
  const managed = await startProcess({
    name: 'OpenBao',
    command,
    args: [
      'server',
      '-dev',
      '-dev-no-store-token',
      `-dev-root-token-id=${rootToken}`,
      `-dev-listen-address=127.0.0.1:${port}`,
    ],
    logFile,
    ready: () => answers(`${address}/v1/sys/health`),
    readyTimeoutMs: 90_000,
    stopSignal: 'SIGTERM',
    clock,
  });
  const request = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': rootToken },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`OpenBao answered ${response.status} to ${method} ${path}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  await request('POST', 'sys/mounts/transit', { type: 'transit' });
  return {
    address,
    rootToken,
    logFile,
    request,
    unsealKey: () => /^Unseal Key: (\S+)$/m.exec(readFileSync(logFile, 'utf8'))?.[1] ?? '',
    pause: async () => {
      process.kill(managed.pid, 'SIGSTOP');
      await untilStopped(managed.pid, clock);
    },
    resume: () => void process.kill(managed.pid, 'SIGCONT'),
    stop: () => managed.stop(),
  };
}

/** A signal is sent before it is obeyed: threads that run on other cores may still answer a request meanwhile (state `T`: proc(5)). */
async function untilStopped(pid: number, clock: Clock): Promise<void> {
  const isStopped = (thread: string): boolean => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    return /^State:\s+T/m.test(status);
  };
  for (let tries = 0; tries < 5_000; tries++) {
    if (readdirSync(`/proc/${pid}/task`).every(isStopped)) return;
    await sleep(clock, 1);
  }
  throw new TestingError('PROCESS_FAILED', `Process ${pid} did not stop within 5 s.`);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet: that is the answer.
    return false;
  }
}
