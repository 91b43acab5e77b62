import { once } from 'node:events';
import kafkajs, { type Consumer, type IHeaders, type Kafka, type KafkaMessage } from 'kafkajs';

/** kafkajs as it is, silent, with retries short enough for a test. */
export function kafkaClient(bootstrap: string, clientId = 'test', retries = 20): Kafka {
  return new kafkajs.Kafka({
    brokers: [bootstrap],
    clientId,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 200, retries },
  });
}

export interface Seen {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: IHeaders | undefined;
}

/** Collects what a consumer gets; `until` resolves when `count` records are there. */
export class Collector {
  readonly seen: Seen[] = [];
  readonly #target = new EventTarget();

  async run(consumer: Consumer): Promise<void> {
    await consumer.run({
      eachMessage: ({ topic, partition, message }) => {
        this.add(topic, partition, message);
        return Promise.resolve();
      },
    });
  }

  add(topic: string, partition: number, { key, value, offset, headers }: KafkaMessage): void {
    const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null;
    this.seen.push({ topic, partition, offset, key: text(key), value: text(value), headers });
    this.#target.dispatchEvent(new Event('record'));
  }

  async until(count: number, timeoutMs = 10_000): Promise<readonly Seen[]> {
    const signal = AbortSignal.timeout(timeoutMs);
    while (this.seen.length < count) {
      await once(this.#target, 'record', { signal }).catch(() => {
        throw new Error(`${this.seen.length} of ${count} records arrived within ${timeoutMs} ms`);
      });
    }
    return this.seen;
  }
}
