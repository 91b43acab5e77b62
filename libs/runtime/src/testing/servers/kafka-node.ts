import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '../../system-clock.js';
import type { EngineServer } from './engine-server.js';
import { TestingError } from './errors.js';
import { freePort } from './free-port.js';
import { startProcess, type ManagedProcess } from './managed-process.js';

export interface KafkaServerOptions {
  /** A directory of Kafka's jars; default: the environment's OUBLIETTE_KAFKA_LIBS, with ZooKeeper OUBLIETTE_KAFKA39_LIBS. */
  readonly libsDir?: string;
  /** Takes configuration, data and log. A directory that was used before is started again with its data. */
  readonly workDir: string;
  /** Broker settings by Kafka's names, e.g. `log.cleaner.backoff.ms`; they win over the defaults. */
  readonly config?: Readonly<Record<string, string>>;
  /** Port of the client listener, to come back at the same address; default: a free one. */
  readonly port?: number;
}

/** Where one node has what it needs. */
export interface KafkaPlace {
  readonly classPath: string;
  readonly workDir: string;
  readonly dataDir: string;
  readonly port: number;
}

/** Who keeps the cluster's metadata: what differs between KRaft and ZooKeeper. */
export interface KafkaMetadata {
  readonly name: string;
  /** The environment's variable that names the jars. */
  readonly libsVariable: string;
  /** What the log says when the node serves. */
  readonly readyText: string;
  /** Starts what the node needs beside itself, which is ended after it, and gives the settings that lead there. */
  prepare(
    place: KafkaPlace,
  ): Promise<{ config: Readonly<Record<string, string>>; beside: ManagedProcess | null }>;
  /** The last step before the node starts. */
  format(place: KafkaPlace, configFile: string): void;
}

export const jvmFlags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const heapFlags = ['-Xmx512m', '-Xms256m'];
const readyTimeoutMs = 90_000;
/** A stop that is cut short is a crash: the next start finds something else. */
const cleanStopMs = 30_000;

/** Starts one broker of Apache Kafka; resolves when it serves. Needs `java`. */
export async function startKafkaNode(
  metadata: KafkaMetadata,
  options: KafkaServerOptions,
): Promise<EngineServer> {
  const { workDir } = options;
  const port = options.port ?? (await freePort());
  const dataDir = join(workDir, 'data');
  const place = { classPath: `${libraries(metadata, options)}/*`, workDir, dataDir, port };
  const configFile = join(workDir, 'server.properties');
  const logFile = join(workDir, 'kafka.log');
  mkdirSync(workDir, { recursive: true });
  const { config, beside } = await metadata.prepare(place);
  let node: ManagedProcess;
  try {
    writeProperties(configFile, { ...brokerConfig(dataDir), ...config, ...options.config });
    metadata.format(place, configFile);
    node = await startProcess({
      name: metadata.name,
      command: 'java',
      args: [...heapFlags, ...jvmFlags, '-cp', place.classPath, 'kafka.Kafka', configFile],
      logFile,
      ready: (log) => log.includes(metadata.readyText),
      readyTimeoutMs,
      stopSignal: 'SIGTERM',
      clock: new SystemClock(),
    });
  } catch (error) {
    await beside?.kill();
    throw error;
  }
  return {
    bootstrap: `127.0.0.1:${port}`,
    port,
    dataDir,
    logFile,
    pid: node.pid,
    stop: async () => {
      await node.stop(cleanStopMs);
      await beside?.stop();
    },
    kill: async () => {
      await node.kill();
      await beside?.kill();
    },
  };
}

export function writeProperties(file: string, config: Readonly<Record<string, string>>): void {
  const lines = Object.entries(config).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
}

function libraries({ libsVariable }: KafkaMetadata, options: KafkaServerOptions): string {
  const directory = options.libsDir ?? process.env[libsVariable];
  if (directory !== undefined && existsSync(directory)) return directory;
  throw new TestingError(
    'KAFKA_LIBS_MISSING',
    `No directory of Kafka jars: set ${libsVariable} to one that holds kafka_2.13 and what it depends on.`,
  );
}

/** Of a broker that lives alone. */
function brokerConfig(dataDir: string): Record<string, string> {
  return {
    'log.dirs': dataDir,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
}
