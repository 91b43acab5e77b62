import type { OutgoingRecord, ReceivedRecord } from '@oubliette/kafka';
import type { OublietteEngine } from '../engine/engine.js';
import { DEAD_LETTER_SUFFIX } from './topic-handler.js';

/** Headers that a record is moved aside with. None holds a personal value. */
export const DEAD_LETTER_HEADERS = {
  reason: 'oubliette-dlt-reason',
  topic: 'oubliette-dlt-topic',
  partition: 'oubliette-dlt-partition',
  offset: 'oubliette-dlt-offset',
  group: 'oubliette-dlt-group',
} as const;

/** Moves records to `<topic>.dlt`: key, value and headers byte for byte as they were, so still encrypted. */
export class DeadLetters {
  readonly #ready = new Map<string, Promise<unknown>>();

  constructor(private readonly engine: Pick<OublietteEngine, 'admin' | 'producer'>) {}

  /** Resolves when all in-sync replicas hold the record; `reason` is a code. */
  async send(record: ReceivedRecord, reason: string, group: string): Promise<void> {
    const topic = `${record.topic}${DEAD_LETTER_SUFFIX}`;
    await this.#ensure(topic, record.topic);
    const outgoing: OutgoingRecord = {
      topic,
      key: record.key,
      value: record.value,
      headers: {
        ...record.headers,
        [DEAD_LETTER_HEADERS.reason]: reason,
        [DEAD_LETTER_HEADERS.topic]: record.topic,
        [DEAD_LETTER_HEADERS.partition]: String(record.partition),
        [DEAD_LETTER_HEADERS.offset]: String(record.offset),
        [DEAD_LETTER_HEADERS.group]: group,
      },
    };
    await this.engine.producer.send([outgoing]);
  }

  /** Made with the settings that bound how long bytes stay in the topic it belongs to. At most one entry a topic read. */
  async #ensure(topic: string, source: string): Promise<void> {
    let ready = this.#ready.get(topic);
    if (ready === undefined) {
      ready = this.#create(topic, source);
      this.#ready.set(topic, ready);
    }
    try {
      await ready;
    } catch (error) {
      this.#ready.delete(topic);
      throw error;
    }
  }

  async #create(topic: string, source: string): Promise<void> {
    const [description] = await this.engine.admin.describeTopics([source]);
    const configs: Record<string, string> = {};
    for (const name of INHERITED) {
      const value = description?.configs[name];
      if (value !== undefined) configs[name] = value;
    }
    const replicationFactor = description?.partitions[0]?.replicas.length;
    await this.engine.admin.createTopic({
      name: topic,
      partitions: 1,
      configs,
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
    });
  }
}

const INHERITED = [
  'retention.ms',
  'segment.ms',
  'file.delete.delay.ms',
  'message.timestamp.type',
  'max.message.bytes',
  'min.insync.replicas',
] as const;
