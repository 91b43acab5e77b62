import { spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort, spawnWithParent } from '@oubliette/runtime/testing';

/** A directory of Kafka's jars; without it the tests that need Kafka are left out. */
export const kafkaLibs = process.env['OUBLIETTE_KAFKA_LIBS'];

const flags = ['-Xmx512m', '-Xms256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const readyMs = 90_000;

/** Starts Apache Kafka, one node, in a directory of its own for the length of the test; resolves to its port. */
export async function startKafkaNode(
  test: TestContext,
  config: Readonly<Record<string, string>> = {},
): Promise<number> {
  return (await KafkaNode.start(test, config)).port;
}

/** One node of Apache Kafka that can be started again. */
export class KafkaNode {
  #child: ChildProcess;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    child: ChildProcess,
  ) {
    this.#child = child;
  }

  static async start(test: TestContext, config: Readonly<Record<string, string>> = {}): Promise<KafkaNode> {
    const { directory, port } = await format(config);
    const node = new KafkaNode(port, directory, run(directory));
    test.after(async () => {
      await node.#end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });
    await untilReady(node.#child);
    return node;
  }

  /** A log's directory. */
  logDirectory(name: string): string {
    return join(this.directory, 'data', name);
  }

  /** Ends the process, by SIGTERM or SIGKILL, and starts it at the same port. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    await this.#end(signal);
    this.#child = run(this.directory);
    await untilReady(this.#child);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    // Not its close: the pipe to its helper closes later and keeps nobody waiting.
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}

function run(directory: string): ChildProcess {
  const args = [...flags, '-cp', `${kafkaLibs}/*`, 'kafka.Kafka', join(directory, 'server.properties')];
  return spawnWithParent('java', args, ['ignore', 'pipe', 'pipe']);
}

/** Makes a data directory and its settings. */
async function format(
  config: Readonly<Record<string, string>>,
): Promise<{ readonly directory: string; readonly port: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const file = join(directory, 'server.properties');
  const settings = { ...nodeConfig(port, controllerPort, join(directory, 'data')), ...config };
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const classPath = ['-cp', `${kafkaLibs}/*`];
  const tool = ['kafka.tools.StorageTool', 'format', '-t', 'b3VibGlldHRlLXRlc3QtMQ', '-c', file];
  const formatted = spawnSync('java', ['-Xmx256m', '-XX:TieredStopAtLevel=1', ...classPath, ...tool], {
    timeout: readyMs,
  });
  if (formatted.status !== 0)
    throw new Error(`Kafka's storage was not formatted: ${formatted.error?.message ?? formatted.stderr}`);
  return { directory, port };
}

async function untilReady(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`Kafka was not ready in time: ${log.slice(-2000)}`)),
      readyMs,
    );
    const read = (chunk: Buffer): void => {
      // Once it serves, its words are only drained.
      if (log.includes('Kafka Server started')) return;
      log += chunk.toString();
      if (!log.includes('Kafka Server started')) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`Kafka ended with ${code}: ${log.slice(-2000)}`)));
  });
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
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
}
