import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '@oubliette/runtime';
import type { EngineServer } from './engine-server.js';
import { TestingError } from './errors.js';
import { freePort } from './free-port.js';
import { runToEnd, startProcess } from './managed-process.js';

export interface KafkaServerOptions {
  /** A directory of Kafka's jars; default: the environment's OUBLIETTE_KAFKA_LIBS. */
  readonly libsDir?: string;
  /** Takes configuration, data and log. A directory that was used before is started again with its data. */
  readonly workDir: string;
  /** Broker settings by Kafka's names, e.g. `log.cleaner.backoff.ms`; they win over the defaults. */
  readonly config?: Readonly<Record<string, string>>;
  /** Port of the client listener, to come back at the same address; default: a free one. */
  readonly port?: number;
}

const jvmFlags = ['-Xmx512m', '-Xms256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const readyTimeoutMs = 90_000;

/** Starts one combined node (broker and controller) of Apache Kafka; resolves when it serves. Needs `java`. */
export async function startKafka(options: KafkaServerOptions): Promise<EngineServer> {
  const classPath = `${libraries(options)}/*`;
  const port = options.port ?? (await freePort());
  const controllerPort = await freePort();
  const dataDir = join(options.workDir, 'data');
  const configFile = join(options.workDir, 'server.properties');
  const logFile = join(options.workDir, 'kafka.log');
  mkdirSync(options.workDir, { recursive: true });
  const config = { ...nodeConfig(port, controllerPort, dataDir), ...options.config };
  writeFileSync(configFile, `${lines(config).join('\n')}\n`);
  if (!existsSync(join(dataDir, 'meta.properties'))) format(classPath, configFile);
  const managed = await startProcess({
    name: 'Apache Kafka',
    command: 'java',
    args: [...jvmFlags, '-cp', classPath, 'kafka.Kafka', configFile],
    logFile,
    ready: (log) => log.includes('Kafka Server started'),
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
    stop: () => managed.stop(10_000),
    kill: () => managed.kill(),
  };
}

function libraries(options: KafkaServerOptions): string {
  const directory = options.libsDir ?? process.env['OUBLIETTE_KAFKA_LIBS'];
  if (directory !== undefined && existsSync(directory)) return directory;
  throw new TestingError(
    'KAFKA_LIBS_MISSING',
    'No directory of Kafka jars: set OUBLIETTE_KAFKA_LIBS to one that holds kafka_2.13 and what it depends on.',
  );
}

// StorageTool, not a meta.properties of our own: without its bootstrap records the feature levels stay at 0.
function format(classPath: string, configFile: string): void {
  const tool = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool'];
  // Any base64 UUID will do: the cluster lives alone.
  const clusterId = Buffer.from(`oubliette${process.pid}`.padEnd(16, '0'))
    .subarray(0, 16)
    .toString('base64url');
  runToEnd("Kafka's StorageTool", 'java', [...tool, 'format', '-t', clusterId, '-c', configFile]);
}

function nodeConfig(port: number, controllerPort: number, dataDir: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,
    // A node that was killed may register again only when its old session has run out.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.num.partitions': '5',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
}

function lines(config: Readonly<Record<string, string>>): string[] {
  return Object.entries(config).map(([name, value]) => `${name}=${value}`);
}
