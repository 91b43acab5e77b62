import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const repository = new URL('../../../../../', import.meta.url).pathname;
const main = join(repository, 'apps/sample/dist/src/main.js');
const cli = join(repository, 'apps/cli/bin/oubliette.mjs');

export interface SampleOptions {
  readonly dataDir: string;
  readonly masterKeys: string;
  readonly brokers?: string | undefined;
  readonly databaseUrl?: string | undefined;
}

/** The sample as somebody else's process: reached by HTTP and signals only. */
export class SampleProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
    private readonly token: string,
  ) {}

  static async start(options: SampleOptions): Promise<SampleProcess> {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PORT: '0',
      DATA_DIR: options.dataDir,
      OUBLIETTE_MASTER_KEYS: options.masterKeys,
    };
    if (options.brokers !== undefined) env['OUBLIETTE_BROKERS'] = options.brokers;
    if (options.databaseUrl !== undefined) env['DATABASE_URL'] = options.databaseUrl;
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const address = await readyAddress(child);
    const token = readFileSync(join(options.dataDir, 'admin-token'), 'utf8').trim();
    return new SampleProcess(child, address, token);
  }

  async get<T>(path: string): Promise<{ status: number; body: T }> {
    return this.call<T>('GET', path);
  }

  async post<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
    return this.call<T>('POST', path, body);
  }

  /** Resolves to the exit code; null when a signal ended it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', (code) => resolve(code)));
    this.child.kill(signal);
    return ended;
  }

  private async call<T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
        // The scanner blocks this process for seconds: the sample closes what idles so long, and nobody here would notice.
        connection: 'close',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }
}

/** Starts the import command; resolves to its exit code. */
export function runImport(dataset: string, dataDir: string): { readonly exit: Promise<number | null> } {
  const args = [
    cli,
    'import',
    'oulad',
    dataset,
    '--module',
    'AAA',
    '--presentation',
    '2013J',
    '--data-dir',
    dataDir,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return { exit: new Promise((resolve) => child.once('exit', (code) => resolve(code))) };
}

function readyAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('the sample has no stdout');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready (http:\S+)$/.exec(line);
      if (ready?.[1] !== undefined) resolve(ready[1]);
    });
    child.once('exit', (code) => reject(new Error(`the sample ended with ${code} before it was ready`)));
  });
}
