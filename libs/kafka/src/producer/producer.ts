import { sleep, type Clock, type Timer } from '@oubliette/runtime';
import { createKafkajs } from '../client/kafkajs-client.js';
import { KafkaClientError, translateError } from '../errors.js';
import { silentLogger, type Logger } from '../logger.js';
import type { OutgoingRecord, RecordProducer } from '../ports.js';
import type { KafkaSettings } from '../settings.js';
import { bytesOf, cut, RequestQueue, type Waiting } from './request-queue.js';
import { KafkajsTransport, type ProduceTransport } from './transport.js';

export interface ProducerOptions {
  /** How long `enqueue` waits for company, in ms; default 5. */
  readonly lingerMs?: number;
  /** Bound of what waits, in bytes of keys, values and headers; default 32 MiB. */
  readonly maxQueuedBytes?: number;
  /** Hears of enqueued records that could not be sent; default: an error in the log. */
  readonly onError?: (error: KafkaClientError, records: readonly OutgoingRecord[]) => void;
}

const defaultLingerMs = 5;
const defaultQueuedBytes = 32 * 1024 * 1024;
// All of a request may land in one batch of one partition, and brokers refuse batches over 1,048,588 bytes by default.
const maxRequestBytes = 900_000;
const topicChecks = 5;
const topicCheckMs = 200;

/** Connects and gives a producer. Rejects with `KAFKA_UNAVAILABLE` when no broker can be reached. */
export async function createProducer(
  settings: KafkaSettings,
  options: ProducerOptions = {},
): Promise<RecordProducer> {
  const transport = new KafkajsTransport(createKafkajs(settings));
  try {
    await transport.connect();
  } catch (error) {
    await transport.close();
    throw translateError(error, 'Connecting a producer');
  }
  return new QueueingProducer(transport, settings.clock, settings.logger ?? silentLogger, options);
}

/**
 * Collects what callers bring while a request is under way and sends it as the next: one request in flight keeps the
 * order per partition, and load makes the batches large by itself.
 */
export class QueueingProducer implements RecordProducer {
  readonly #transport: ProduceTransport;
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #onError: (error: KafkaClientError, records: readonly OutgoingRecord[]) => void;
  readonly #queue: RequestQueue;
  readonly #knownTopics = new Set<string>();
  #enqueued: OutgoingRecord[] = [];
  #enqueuedBytes = 0;
  #linger: Timer | null = null;
  #pumping: Promise<void> | null = null;
  #closed = false;

  constructor(transport: ProduceTransport, clock: Clock, logger: Logger, options: ProducerOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#lingerMs = options.lingerMs ?? defaultLingerMs;
    this.#queue = new RequestQueue({
      maxRequestBytes,
      maxQueuedBytes: options.maxQueuedBytes ?? defaultQueuedBytes,
    });
    this.#onError =
      options.onError ??
      ((error, records) =>
        logger.error('Enqueued records were not sent', { code: error.code, records: records.length }));
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    this.#assertOpen();
    if (records.length === 0) return;
    const runs = cut(records, maxRequestBytes);
    this.#assertRoom(runs.reduce((sum, run) => sum + run.bytes, 0));
    // What was enqueued before goes before.
    this.#flushEnqueued();
    const sent = runs.map((run) => this.#push(run.records, run.bytes));
    this.#pump();
    const results = await Promise.allSettled(sent);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  enqueue(record: OutgoingRecord): void {
    this.#assertOpen();
    const bytes = bytesOf(record);
    this.#assertRoom(this.#enqueuedBytes + bytes);
    this.#enqueued.push(record);
    this.#enqueuedBytes += bytes;
    if (this.#enqueuedBytes >= maxRequestBytes) this.#flushEnqueued();
    else this.#linger ??= this.#clock.schedule(this.#lingerMs, () => this.#flushEnqueued());
  }

  async flush(): Promise<void> {
    this.#flushEnqueued();
    await this.#pumping;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flush();
    this.#closed = true;
    await this.#transport.close();
  }

  #flushEnqueued(): void {
    this.#linger?.cancel();
    this.#linger = null;
    if (this.#enqueued.length === 0) return;
    const runs = cut(this.#enqueued, maxRequestBytes);
    this.#enqueued = [];
    this.#enqueuedBytes = 0;
    for (const { records, bytes } of runs)
      this.#push(records, bytes).catch((error: unknown) =>
        this.#onError(translateError(error, 'Sending enqueued records'), records),
      );
    this.#pump();
  }

  #push(records: readonly OutgoingRecord[], bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, bytes, settle: (error) => (error === null ? resolve() : reject(error)) });
    });
  }

  #pump(): void {
    if (this.#queue.empty || this.#pumping !== null) return;
    this.#pumping = this.#sendAll();
  }

  /** Never rejects: every failure goes to the callers whose records it concerns. */
  async #sendAll(): Promise<void> {
    while (!this.#queue.empty) await this.#sendRequest(this.#queue.takeRequest());
    // In the same turn as the check above, or a caller in between would wait for a pump that has ended.
    this.#pumping = null;
  }

  async #sendRequest(entries: readonly Waiting[]): Promise<void> {
    const ready = await this.#withExistingTopics(entries);
    const error = await this.#trySend(ready);
    // One caller's bad record must not fail the others': each gets a request of its own.
    if (error !== null && !error.retriable && ready.length > 1)
      for (const entry of ready) entry.settle(await this.#trySend([entry]));
    else for (const entry of ready) entry.settle(error);
  }

  async #trySend(entries: readonly Waiting[]): Promise<KafkaClientError | null> {
    if (entries.length === 0) return null;
    try {
      await this.#transport.send(entries.flatMap((entry) => entry.records));
      return null;
    } catch (error) {
      return translateError(error, `Producing to ${topicsOf(entries).join(', ')}`);
    }
  }

  /** Rejects entries to topics that do not exist, which kafkajs would retry for long; producing creates no topic. */
  async #withExistingTopics(entries: readonly Waiting[]): Promise<Waiting[]> {
    let missing: ReadonlySet<string>;
    try {
      missing = await this.#missing(topicsOf(entries));
    } catch (error) {
      for (const entry of entries) entry.settle(translateError(error, 'Looking up the topics to produce to'));
      return [];
    }
    const isReady = (entry: Waiting): boolean => !entry.records.some(({ topic }) => missing.has(topic));
    for (const entry of entries.filter((candidate) => !isReady(candidate)))
      entry.settle(topicMissing(topicsOf([entry]).filter((topic) => missing.has(topic))));
    return entries.filter(isReady);
  }

  async #missing(topics: readonly string[]): Promise<ReadonlySet<string>> {
    const unknown = (): string[] => topics.filter((topic) => !this.#knownTopics.has(topic));
    // A topic that was made a moment ago may not have reached the broker that is asked.
    for (let check = 0; check < topicChecks && unknown().length > 0; check += 1) {
      if (check > 0) await sleep(this.#clock, topicCheckMs);
      const existing = new Set(await this.#transport.topics());
      for (const topic of unknown()) if (existing.has(topic)) this.#knownTopics.add(topic);
    }
    return new Set(unknown());
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new KafkaClientError('PRODUCER_CLOSED', 'The producer is closed: create a new one to send.');
  }

  #assertRoom(bytes: number): void {
    if (this.#queue.fits(bytes)) return;
    throw new KafkaClientError(
      'PRODUCER_QUEUE_FULL',
      `The producer's queue holds ${this.#queue.bytes} bytes, its bound: wait for earlier sends, or await publish in place of enqueue.`,
      { retriable: true },
    );
  }
}

function topicsOf(entries: readonly Waiting[]): string[] {
  return [...new Set(entries.flatMap((entry) => entry.records.map(({ topic }) => topic)))];
}

function topicMissing(topics: readonly string[]): KafkaClientError {
  return new KafkaClientError(
    'TOPIC_MISSING',
    `The topic ${topics.join(', ')} does not exist, and producing creates none: create it first.`,
  );
}
