import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '@oubliette/runtime';
import { freePort } from '@oubliette/runtime/testing';
import { TestingError } from './errors.js';
import { startProcess } from './managed-process.js';

export interface RegistryServerOptions {
  /** Apicurio's runner jar, its `lib` beside it; default: the environment's OUBLIETTE_REGISTRY_JAR. */
  readonly jar?: string;
  /** Takes the log. Schemas live in memory: a new start is an empty registry. */
  readonly workDir: string;
}

export interface RegistryServer {
  /** Base of its Confluent-compatible interface, for SCHEMA_REGISTRY_URL. */
  readonly url: string;
  readonly logFile: string;
  stop(): Promise<void>;
}

const jvmFlags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** Starts Apicurio Registry, which speaks the interface of Confluent's; resolves when it serves. Needs `java`. */
export async function startRegistry(options: RegistryServerOptions): Promise<RegistryServer> {
  const jar = options.jar ?? process.env['OUBLIETTE_REGISTRY_JAR'];
  if (jar === undefined || !existsSync(jar))
    throw new TestingError(
      'REGISTRY_JAR_MISSING',
      "No schema registry: set OUBLIETTE_REGISTRY_JAR to the runner jar of Apicurio Registry's unpacked application.",
    );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const logFile = join(options.workDir, 'registry.log');
  mkdirSync(options.workDir, { recursive: true });
  const managed = await startProcess({
    name: 'Apicurio Registry',
    command: 'java',
    args: [...jvmFlags, '-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`, '-jar', jar],
    logFile,
    ready: () => answers(`${url}/subjects`),
    readyTimeoutMs: 90_000,
    stopSignal: 'SIGTERM',
    clock: new SystemClock(),
  });
  return { url, logFile, stop: () => managed.stop() };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet: that is the answer.
    return false;
  }
}
