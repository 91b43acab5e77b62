import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SystemClock } from '../../system-clock.js';
import { TestingError } from './errors.js';
import { freePort } from './free-port.js';
import { runToEnd, startProcess } from './managed-process.js';

export interface PostgresServerOptions {
  /** Takes the cluster and its log; made when missing. */
  readonly workDir: string;
  /** Syncs to disk as in production; default false, which is faster. */
  readonly durable?: boolean;
}

export interface PostgresServer {
  /** For DATABASE_URL. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logFile: string;
  stop(): Promise<void>;
}

const usualPlaces = [
  '/usr/lib/postgresql/15/bin',
  '/usr/lib/postgresql/16/bin',
  '/usr/lib/postgresql/17/bin',
];

/** True when the server's programs are on this machine. */
export function postgresInstalled(): boolean {
  return programDirectory() !== null;
}

/** Makes a fresh cluster and starts it; as root it runs as the user `postgres`, since it refuses root. */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const programs = programDirectory();
  if (programs === null)
    throw new TestingError(
      'POSTGRES_MISSING',
      'Neither initdb nor postgres is installed: install PostgreSQL 15 or later.',
    );
  const port = await freePort();
  const home = join(options.workDir, 'postgres');
  const dataDir = join(home, 'data');
  const logFile = join(options.workDir, 'postgres.log');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const prefix = unprivileged(options.workDir, home);
  const run = (program: string, args: readonly string[]): { command: string; args: string[] } => {
    const [command = '', ...rest] = [...prefix, join(programs, program), ...args];
    return { command, args: rest };
  };
  const init = run('initdb', [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-N',
    '--no-instructions',
    '--locale=C',
    '-E',
    'UTF8',
  ]);
  runToEnd('initdb', init.command, init.args);
  const settings = ['listen_addresses=127.0.0.1', ...(options.durable === true ? [] : notDurable)];
  const server = run('postgres', [
    '-D',
    dataDir,
    '-p',
    `${port}`,
    '-k',
    home,
    ...settings.flatMap((s) => ['-c', s]),
  ]);
  const managed = await startProcess({
    name: 'PostgreSQL',
    ...server,
    logFile,
    ready: (log) => log.includes('database system is ready to accept connections'),
    readyTimeoutMs: 90_000,
    stopSignal: 'SIGINT',
    clock: new SystemClock(),
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return { url, port, dataDir, logFile, stop: () => managed.stop() };
}

const notDurable = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

function programDirectory(): string | null {
  const places = [...usualPlaces, ...(process.env['PATH'] ?? '').split(delimiter)];
  const holdsAll = (place: string): boolean =>
    ['initdb', 'postgres'].every((program) => existsSync(join(place, program)));
  return places.find((place) => place !== '' && holdsAll(place)) ?? null;
}

/** The command that drops root's rights, empty for other users; gives `home` to the user `postgres`. */
function unprivileged(workDir: string, home: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const id = (flag: string): number => Number(runToEnd('id', 'id', [flag, 'postgres']));
  chmodSync(workDir, 0o711);
  chownSync(home, id('-u'), id('-g'));
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'];
}
