import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { RestartableEngine, startKafka } from '@oubliette/runtime/testing';

/** A directory of Kafka's jars; without it the tests that need Kafka are left out. */
export const kafkaLibs = process.env['OUBLIETTE_KAFKA_LIBS'];

type Settings = Readonly<Record<string, string>>;

/** Starts Apache Kafka, one node, in a directory of its own for the length of the test; resolves to its port. */
export async function startKafkaNode(test: TestContext, config: Settings = {}): Promise<number> {
  return (await KafkaNode.start(test, config)).port;
}

/** One node of Apache Kafka, for the length of a test, that can be started again. */
export class KafkaNode {
  private constructor(private readonly engine: RestartableEngine) {}

  static async start(test: TestContext, config: Settings = {}): Promise<KafkaNode> {
    const settings = { 'offsets.topic.num.partitions': '1', ...config };
    const engine = new RestartableEngine('Apache Kafka', startKafka, settings);
    test.after(async () => {
      await engine.crash();
      await engine.dispose();
    });
    await engine.start();
    return new KafkaNode(engine);
  }

  get port(): number {
    return this.engine.server.port;
  }

  /** A log's directory. */
  logDirectory(name: string): string {
    return join(this.engine.server.dataDir, name);
  }

  /** Ends the process and starts it at the same port. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await (signal === 'SIGKILL' ? this.engine.crash() : this.engine.stop());
    await this.engine.restart();
  }
}
