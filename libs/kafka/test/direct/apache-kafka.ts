import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnWithParent } from '@oubliette/runtime/testing';

export interface ApacheKafka {
  readonly bootstrap: string;
  stop(): Promise<void>;
}

const READY_MS = 90_000;
const CLUSTER_ID = Buffer.from('oubliette-direct').toString('base64url');

/** One node of Apache Kafka out of the jars that OUBLIETTE_KAFKA_LIBS names, in a temporary directory. */
export async function startApacheKafka(): Promise<ApacheKafka> {
  const libs = process.env['OUBLIETTE_KAFKA_LIBS'];
  if (libs === undefined) throw new Error("set OUBLIETTE_KAFKA_LIBS to a directory of Apache Kafka's jars");
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-direct-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const config = join(directory, 'server.properties');
  writeFileSync(config, properties(port, controllerPort, join(directory, 'data')));
  const java = (main: string, args: readonly string[]): string[] => [
    '-Xmx512m',
    '-cp',
    `${libs}/*`,
    main,
    ...args,
  ];
  const format = spawnSync(
    'java',
    java('kafka.tools.StorageTool', ['format', '-t', CLUSTER_ID, '-c', config]),
  );
  if (format.status !== 0) throw new Error(`StorageTool failed: ${format.stderr.toString()}`);
  const server = spawnWithParent('java', java('kafka.Kafka', [config]), ['ignore', 'pipe', 'pipe']);
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`Kafka was not ready: ${log.slice(-2_000)}`)), READY_MS);
    const read = (chunk: Buffer): void => {
      log = (log + chunk.toString()).slice(-100_000);
      if (!log.includes('Kafka Server started')) return;
      clearTimeout(late);
      resolve();
    };
    server.stdout?.on('data', read);
    server.stderr?.on('data', read);
    server.once('exit', (code) => reject(new Error(`Kafka ended with ${code}: ${log.slice(-2_000)}`)));
  });
  return {
    bootstrap: `127.0.0.1:${port}`,
    stop: async () => {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function properties(port: number, controllerPort: number, dataDir: string): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,
    'log.cleaner.backoff.ms': '200',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'true',
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
