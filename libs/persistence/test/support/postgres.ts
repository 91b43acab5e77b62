import { randomUUID } from 'node:crypto';
import { ManualClock, startPostgres, temporaryDirectory } from '@oubliette/runtime/testing';
import { DataSource } from 'typeorm';
import { openDatabase, type DatabaseOptions } from '../../src/index.js';
import type { TestDatabase } from './embedded.js';

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

async function start(): Promise<PostgresForTest> {
  const directory = temporaryDirectory('oubliette-postgres-');
  const { url, stop } = await startPostgres({ workDir: directory.path });
  return {
    url,
    stop: async () => {
      await stop();
      directory.remove();
    },
  };
}
