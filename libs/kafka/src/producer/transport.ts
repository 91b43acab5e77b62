import type { Kafka, Message, Producer, TopicMessages } from 'kafkajs';
import { asBuffer } from '../client/buffers.js';
import { metadataMaxAge, retryOptions } from '../client/kafkajs-client.js';
import type { OutgoingRecord } from '../ports.js';
import { userPartitioner } from './user-partitioner.js';

/** Sends one request at a time; a failed one leaves nothing behind that could harm the next. */
export interface ProduceTransport {
  send(records: readonly OutgoingRecord[]): Promise<void>;
  topics(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const requestTimeoutMs = 30_000;

/**
 * kafkajs's idempotent producer, replaced after every failed request. When a request fails for good, kafkajs takes its
 * sequence numbers back although the broker may have appended it; the next request would reuse them, the broker would
 * take it for a repetition, acknowledge it, and drop it. A new producer id starts sequences of its own.
 */
export class KafkajsTransport implements ProduceTransport {
  readonly #kafka: Kafka;
  readonly #admin;
  #producer: Producer | null = null;
  #adminConnected = false;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
    this.#admin = kafka.admin();
  }

  async connect(): Promise<void> {
    await this.#connected();
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const producer = await this.#connected();
    try {
      await producer.sendBatch({
        acks: -1,
        timeout: requestTimeoutMs,
        topicMessages: groupByTopic(records),
      });
    } catch (error) {
      this.#producer = null;
      await producer.disconnect();
      throw error;
    }
  }

  async topics(): Promise<readonly string[]> {
    if (!this.#adminConnected) {
      await this.#admin.connect();
      this.#adminConnected = true;
    }
    return this.#admin.listTopics();
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect();
    if (this.#adminConnected) await this.#admin.disconnect();
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== null) return this.#producer;
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      metadataMaxAge,
      retry: retryOptions,
      createPartitioner: userPartitioner,
    });
    await producer.connect();
    this.#producer = producer;
    return producer;
  }
}

function groupByTopic(records: readonly OutgoingRecord[]): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const record of records) {
    const messages = byTopic.get(record.topic);
    if (messages === undefined) byTopic.set(record.topic, [message(record)]);
    else messages.push(message(record));
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
}

function message(record: OutgoingRecord): Message {
  return {
    key: record.key === null ? null : asBuffer(record.key),
    value: record.value === null ? null : asBuffer(record.value),
    ...(record.partition === undefined ? {} : { partition: record.partition }),
    ...(record.headers === undefined ? {} : { headers: { ...record.headers } }),
  };
}
