/** A record on its way to a topic. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A record out of a topic. `timestamp` in ms since the Unix epoch. */
export interface ReceivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RecordProducer {
  /** Resolves when every record is acknowledged by all in-sync replicas; idempotent; order kept per partition. */
  send(records: readonly OutgoingRecord[]): Promise<void>;
  /** Takes a record for the next batch and returns at once; throws `PRODUCER_QUEUE_FULL` at its bound. A failure reaches `onError`. */
  enqueue(record: OutgoingRecord): void;
  /** Resolves when nothing enqueued is outstanding. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Non-empty records of one topic-partition in offset order. Offsets are committed after `onBatch` resolved; when it rejects, the batch comes again. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ReceivedRecord[];
  readonly highWatermark: bigint;
}

export interface ConsumerOptions {
  readonly groupId: string;
  /** Names and regular expressions. Consuming never creates a topic; a topic that appears later and matches is picked up. */
  readonly topics: readonly (string | RegExp)[];
  /** Where a group without a committed position begins in topics that exist at the start: default false, at the end. */
  readonly fromBeginning?: boolean;
  readonly onBatch: (batch: RecordBatch) => Promise<void>;
  /** How many partitions are handled at the same time; default 4. */
  readonly concurrency?: number;
  /** How often, in ms, to look for topics that appeared; default 3,000. */
  readonly topicRefreshMs?: number;
  /** How long, in ms, the group waits for a member that fell silent; default 10,000 (brokers want at least 6,000). */
  readonly sessionTimeoutMs?: number;
}

export interface RecordConsumer {
  /**
   * Resolves when the group was joined; where none of the topics exists yet, at once, and joins when one appears.
   * Rejects with `KAFKA_UNAVAILABLE` (retriable) when the cluster cannot be reached. After it resolved, nothing ends
   * consuming but `close`: a lost membership is taken up again.
   */
  start(): Promise<void>;
  /** False before the start, while a lost membership is being taken up again, and after closing. */
  readonly running: boolean;
  /** Waits for handlers that are under way, commits, leaves the group. */
  close(): Promise<void>;
}

/** Settings of a topic as Kafka knows them, by configuration name. */
export interface TopicDescription {
  readonly name: string;
  readonly partitions: readonly {
    partition: number;
    leader: number;
    replicas: readonly number[];
    isr: readonly number[];
  }[];
  readonly configs: Readonly<Record<string, string>>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** A partition's log in a broker's log directory. A future one is being moved there. */
export interface LogCopy {
  readonly nodeId: number;
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
  readonly isFuture: boolean;
}

/** A transaction that is not ended: nothing behind `startOffset` is cleaned. */
export interface OpenLogTransaction {
  readonly producerId: bigint;
  readonly startOffset: bigint;
  /** Of the producer's last record, ms since the Unix epoch. */
  readonly lastTimestampMs: number;
}

/** Producers with transactions that a partition's leader remembers. */
export interface TransactionalProducers {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly open: readonly OpenLogTransaction[];
}

/** What the brokers of a cluster say about logs beyond their topics' settings. */
export interface LogInspection {
  /** When they were asked, ms since the Unix epoch. */
  readonly at: number;
  /** Those that are up and told their settings. */
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly configs: Readonly<Record<string, string>>;
  }[];
  /** Null where the brokers did not tell. */
  readonly copies: readonly LogCopy[] | null;
  readonly transactionalProducers: readonly TransactionalProducers[];
  /** What was not told, and the code of the error; KAFKA_STORAGE_ERROR: a log directory is offline. */
  readonly unseen: readonly { readonly what: string; readonly code: string }[];
}

export interface TopicAdmin {
  /** True when made, false when it stood already; either way it is known when this resolves. */
  createTopic(spec: TopicSpec): Promise<boolean>;
  listTopics(): Promise<string[]>;
  describeTopics(names: readonly string[]): Promise<TopicDescription[]>;
  /** How many brokers are up. */
  liveBrokers(): Promise<number>;
  brokerConfigs(): Promise<Readonly<Record<string, string>>>;
  /** `brokerSettings`: which settings are read of each broker. What a broker does not tell is in `unseen`; never rejects. */
  inspectLogs(topics: readonly string[], brokerSettings: readonly string[]): Promise<LogInspection>;
  /** Incremental (API 44): other settings stay as they are. */
  setTopicConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Reads a partition by offset without a group, and says where it starts and ends. */
export interface PartitionReader {
  offsets(topic: string, partition: number): Promise<{ logStart: bigint; highWatermark: bigint }>;
  /** Every record from `from` (default: log start) to the high watermark at the time of the call. */
  scan(topic: string, partition: number, from?: bigint): AsyncIterable<ReceivedRecord>;
  close(): Promise<void>;
}

/** How the key topic is made and tuned. Times in ms. */
export interface KeyTopicSettings {
  readonly topic: string;
  readonly partitions: number;
  /** Default: three, or as many as there are brokers up when the topic is made; a topic that stands keeps what it has. */
  readonly replicationFactor?: number;
  readonly segmentMs: number;
  readonly maxCompactionLagMs: number;
  readonly fileDeleteDelayMs: number;
  readonly deleteRetentionMs: number;
}
