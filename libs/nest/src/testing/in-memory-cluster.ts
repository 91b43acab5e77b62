import type {
  ConsumerOptions,
  OutgoingRecord,
  ReceivedRecord,
  RecordConsumer,
  RecordProducer,
  ScannedBatch,
  TopicAdmin,
  TopicDescription,
  TopicScanner,
  TopicSpec,
} from '@oubliette/kafka';
import type { Clock } from '@oubliette/runtime';

interface Topic {
  readonly spec: TopicSpec;
  readonly configs: Record<string, string>;
  readonly partitions: ReceivedRecord[][];
}

/** Topics in memory behind the ports of @oubliette/kafka. Nothing is delivered but by `deliver`; what a handler rejects comes again. */
export class InMemoryCluster {
  readonly #topics = new Map<string, Topic>();
  readonly #consumers = new Set<InMemoryConsumer>();
  readonly #brokerConfigs: Record<string, string> = {};

  constructor(private readonly clock: Clock) {}

  producer(): RecordProducer {
    return {
      send: (records) => {
        for (const record of records) this.append(record);
        return Promise.resolve();
      },
      enqueue: (record) => this.append(record),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  consumer(options: ConsumerOptions): RecordConsumer {
    return new InMemoryConsumer(options, this, this.#consumers);
  }

  admin(): TopicAdmin {
    return {
      createTopic: (spec) => Promise.resolve(this.create(spec)),
      listTopics: () => Promise.resolve([...this.#topics.keys()]),
      describeTopics: (names) => Promise.resolve(names.flatMap((name) => this.#describe(name))),
      liveBrokers: () => Promise.resolve(1),
      brokerConfigs: () => Promise.resolve(this.#brokerConfigs),
      inspectLogs: () =>
        Promise.resolve({
          at: this.clock.now(),
          brokers: [],
          copies: [],
          transactionalProducers: [],
          unseen: [],
        }),
      setTopicConfigs: (name, configs) => {
        Object.assign(this.#topicOf(name).configs, configs);
        return Promise.resolve();
      },
      deleteTopic: (name) => {
        this.#topics.delete(name);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }

  scanner(): TopicScanner {
    return {
      topics: () =>
        Promise.resolve(
          [...this.#topics].map(([name, { partitions }]) => ({ name, partitions: [...partitions.keys()] })),
        ),
      scan: (topic, partition) => this.#scan(topic, partition),
    };
  }

  /** Every record of a topic in partition and offset order; also what somebody else would have written. */
  records(topic: string): readonly ReceivedRecord[] {
    return this.#topics.get(topic)?.partitions.flat() ?? [];
  }

  topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  partitions(topic: string): readonly (readonly ReceivedRecord[])[] {
    return this.#topics.get(topic)?.partitions ?? [];
  }

  /** Appends one record; the topic is made with one partition where it is missing. */
  append(record: OutgoingRecord): void {
    this.create({ name: record.topic, partitions: 1 });
    const { partitions } = this.#topicOf(record.topic);
    const partition = record.partition ?? 0;
    const log = partitions[partition];
    if (log === undefined) throw new RangeError(`there is no partition ${partition} of ${record.topic}`);
    const { topic, key, value, headers } = record;
    const offset = BigInt(log.length);
    log.push({ topic, partition, offset, timestamp: this.clock.now(), key, value, headers: headers ?? {} });
  }

  create(spec: TopicSpec): boolean {
    if (this.#topics.has(spec.name)) return false;
    const partitions = Array.from({ length: spec.partitions }, (): ReceivedRecord[] => []);
    this.#topics.set(spec.name, { spec, partitions, configs: { ...spec.configs } });
    return true;
  }

  /** Gives every consumer what it has not committed, once; resolves to the errors that handlers rejected with. */
  async deliver(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const consumer of this.#consumers) errors.push(...(await consumer.poll()));
    return errors;
  }

  async *#scan(topic: string, partition: number): AsyncGenerator<ScannedBatch> {
    await Promise.resolve();
    const records = this.#topicOf(topic).partitions[partition] ?? [];
    yield {
      records: records.map(({ headers, ...record }) => ({
        ...record,
        headers: Object.entries(headers).map(([key, value]) => ({ key, value: Buffer.from(value) })),
      })),
    };
  }

  #describe(name: string): TopicDescription[] {
    const topic = this.#topics.get(name);
    if (topic === undefined) return [];
    const partitions = topic.partitions.map((_, partition) => ({
      partition,
      leader: 1,
      replicas: [1],
      isr: [1],
    }));
    return [{ name, partitions, configs: topic.configs }];
  }

  #topicOf(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Error(`there is no topic ${name}`);
    return topic;
  }
}

class InMemoryConsumer implements RecordConsumer {
  readonly #committed = new Map<string, number>();
  running = false;

  constructor(
    private readonly options: ConsumerOptions,
    private readonly cluster: InMemoryCluster,
    private readonly consumers: Set<InMemoryConsumer>,
  ) {}

  start(): Promise<void> {
    this.running = true;
    this.consumers.add(this);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.running = false;
    this.consumers.delete(this);
    return Promise.resolve();
  }

  async poll(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const topic of this.cluster.topics().filter((name) => this.#subscribes(name))) {
      for (const [partition, records] of this.cluster.partitions(topic).entries()) {
        const key = `${topic}:${partition}`;
        const open = records.slice(this.#committed.get(key) ?? 0);
        if (open.length === 0) continue;
        const end = records.length;
        try {
          await this.options.onBatch({ topic, partition, records: open, highWatermark: BigInt(end) });
          this.#committed.set(key, end);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    return errors;
  }

  #subscribes(topic: string): boolean {
    return this.options.topics.some((wanted) =>
      typeof wanted === 'string' ? wanted === topic : wanted.test(topic),
    );
  }
}
