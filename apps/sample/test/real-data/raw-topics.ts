import { Kafka, logLevel, type IHeaders } from 'kafkajs';

export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** Reads topics with kafkajs alone, from their start to the end they have at the call. */
export async function readTopics(bootstrap: string, pattern: RegExp): Promise<RawRecord[]> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => pattern.test(topic));
  const left = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (BigInt(high) > BigInt(low)) left.set(`${topic}/${partition}`, BigInt(high));
    }
  }
  await admin.disconnect();
  return left.size === 0 ? [] : consume(kafka, topics, left);
}

async function consume(kafka: Kafka, topics: string[], left: Map<string, bigint>): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  const groupId = `raw-reader-${process.pid}-${process.hrtime.bigint()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // Compaction may have taken the last record below the high watermark: the fetch position tells, not the record.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const end = left.get(`${payload.topic}/${payload.partition}`);
      if (end !== undefined && BigInt(payload.lastOffset) + 1n >= end)
        left.delete(`${payload.topic}/${payload.partition}`);
      if (left.size === 0) resolve();
    });
    consumer
      .run({
        eachBatch: ({ batch }) => {
          for (const { offset, key, value, headers = {} } of batch.messages) {
            records.push({ topic: batch.topic, partition: batch.partition, offset, key, value, headers });
          }
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}
