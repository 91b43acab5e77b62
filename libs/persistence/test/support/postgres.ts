import { randomUUID } from 'node:crypto';
import { execFileSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ManualClock, spawnWithParent } from '@oubliette/runtime/testing';
import { DataSource } from 'typeorm';
import { openDatabase, type DatabaseOptions } from '../../src/index.js';
import type { TestDatabase } from './embedded.js';

const programs = '/usr/lib/postgresql/15/bin';
const readyMs = 90_000;
let server: Promise<PostgresForTest> | null = null;

interface PostgresForTest {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The server that OUBLIETTE_TEST_DATABASE_URL names, else one of our own for this test process. */
export function postgresForTest(): Promise<PostgresForTest> {
  const given = process.env['OUBLIETTE_TEST_DATABASE_URL'];
  server ??= given === undefined ? start() : Promise.resolve({ url: given, stop: async () => undefined });
  return server;
}

/** A database of its own on that server, dropped with it. */
export async function openPostgresForTest(options: Partial<DatabaseOptions> = {}): Promise<TestDatabase> {
  const { url } = await postgresForTest();
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await statement(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const clock = new ManualClock();
  const database = await openDatabase({ clock, url: own.href, ...options });
  return {
    database,
    clock,
    file: '',
    close: async () => {
      await database.close();
      await statement(url, `DROP DATABASE ${name}`);
    },
  };
}

async function statement(url: string, sql: string): Promise<void> {
  const server = new DataSource({ type: 'postgres', url });
  await server.initialize();
  await server.query(sql);
  await server.destroy();
}

/** PostgreSQL refuses root: as root it runs as the user `postgres`. */
async function start(): Promise<PostgresForTest> {
  const home = mkdtempSync(join(tmpdir(), 'oubliette-postgres-'));
  const asPostgres = ['--reuid=postgres', '--regid=postgres', '--init-groups'];
  const root = process.getuid?.() === 0;
  if (root) {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(home, id('-u'), id('-g'));
  }
  chmodSync(home, 0o700);
  const command = (program: string, args: string[]): [string, string[]] =>
    root ? ['setpriv', [...asPostgres, join(programs, program), ...args]] : [join(programs, program), args];
  const data = join(home, 'data');
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-N',
    '--no-instructions',
    '--locale=C',
    '-E',
    'UTF8',
  ];
  execFileSync(...command('initdb', init), { stdio: 'ignore' });
  const port = await freePort();
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'listen_addresses=127.0.0.1',
  ];
  const child = spawnWithParent(
    ...command('postgres', [
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      home,
      ...settings.flatMap((s) => ['-c', s]),
    ]),
    ['ignore', 'ignore', 'pipe'],
  );
  await ready(child);
  const stop = async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
    rmSync(home, { recursive: true });
  };
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const late = setTimeout(() => reject(new Error(`PostgreSQL was not ready in time: ${log}`)), readyMs);
    child.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (!log.includes('ready to accept connections')) return;
      clearTimeout(late);
      resolve();
    });
    child.once('exit', () => reject(new Error(`PostgreSQL ended: ${log}`)));
  });
}
