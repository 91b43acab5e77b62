import { join } from 'node:path';
import { freePort } from '@oubliette/runtime/testing';
import type { EngineServer } from './engine-server.js';
import { startKafka } from './kafka-server.js';

export interface KafkaClusterOptions {
  /** Takes one directory a node. */
  readonly workDir: string;
  /** How many brokers, node ids from 1; default 3. */
  readonly brokers?: number;
  /** Of every node, by Kafka's names; they win over the defaults. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * Several brokers of Apache Kafka that replicate to each other. Node 1 is the controller too and must stay; the others can be killed
 * and come back at their address with their data.
 */
export class KafkaCluster {
  readonly #nodes = new Map<number, EngineServer>();
  readonly #down = new Set<number>();

  private constructor(
    private readonly options: KafkaClusterOptions,
    private readonly controllerPort: number,
  ) {}

  static async start(options: KafkaClusterOptions): Promise<KafkaCluster> {
    const cluster = new KafkaCluster(options, await freePort());
    try {
      for (let id = 1; id <= (options.brokers ?? 3); id++) await cluster.#start(id, await freePort());
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
    return cluster;
  }

  get bootstraps(): readonly string[] {
    return [...this.#nodes.values()].map(({ bootstrap }) => bootstrap);
  }

  dataDir(id: number): string {
    return this.#node(id).dataDir;
  }

  /** SIGKILL, as a crash; nothing happens to one that is down. */
  async kill(id: number): Promise<void> {
    if (this.#down.has(id)) return;
    this.#down.add(id);
    await this.#node(id).kill();
  }

  /** Resolves when it serves; replicating takes longer. Nothing happens to one that is up. */
  async restart(id: number): Promise<void> {
    if (!this.#down.has(id)) return;
    await this.#start(id, this.#node(id).port);
    this.#down.delete(id);
  }

  /** Ends all of them, the controller last. */
  async dispose(): Promise<void> {
    for (const id of [...this.#nodes.keys()].reverse()) await this.kill(id);
  }

  async #start(id: number, port: number): Promise<void> {
    const listener = `PLAINTEXT://127.0.0.1:${port}`;
    const controller = `127.0.0.1:${this.controllerPort}`;
    const config = {
      'node.id': `${id}`,
      'process.roles': id === 1 ? 'broker,controller' : 'broker',
      'controller.quorum.voters': `1@${controller}`,
      listeners: id === 1 ? `${listener},CONTROLLER://${controller}` : listener,
      'log.cleaner.dedupe.buffer.size': '16777216',
      ...this.options.config,
    };
    this.#nodes.set(id, await startKafka({ workDir: join(this.options.workDir, `${id}`), port, config }));
  }

  #node(id: number): EngineServer {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new RangeError(`The cluster has no node ${id}.`);
    return node;
  }
}
