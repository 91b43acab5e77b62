import type { TestContext } from 'node:test';
import { kafkaLibs, startKafkaNode } from './live-kafka.js';

export { kafkaLibs };

/** Apache Kafka, one node, for the length of a test. */
export class KafkaNode {
  private constructor(readonly port: number) {}

  static async start(test: TestContext, config: Readonly<Record<string, string>> = {}): Promise<KafkaNode> {
    return new KafkaNode(await startKafkaNode(test, config));
  }
}
