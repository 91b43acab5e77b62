import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Clock, Timer } from '@oubliette/runtime';
import { headersFrom } from '../client/headers.js';
import { nameOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ReceivedRecord, RecordBatch } from '../ports.js';

export interface BatchHandlerOptions {
  readonly groupId: string;
  readonly onBatch: (batch: RecordBatch) => Promise<void>;
  /** Hears that a position was committed. */
  readonly onCommitted: (topic: string, partition: number) => void;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const firstBackoffMs = 100;
const longestBackoffMs = 30_000;

/** 100 ms, doubled with every failure in a row, at most 30 s. */
export function backoffMs(failures: number): number {
  return Math.min(firstBackoffMs * 2 ** Math.min(failures - 1, 20), longestBackoffMs);
}

/**
 * Gives kafkajs's batches to the handler. The position moves on, and is committed, only after the handler succeeded;
 * when it fails, this partition alone is paused for a while and its batch fetched again.
 */
export class BatchHandler {
  readonly #options: BatchHandlerOptions;
  /** Failures in a row by partition: at most one entry for each partition that is being retried. */
  readonly #failures = new Map<string, number>();
  readonly #pauses = new Set<Timer>();

  constructor(options: BatchHandlerOptions) {
    this.#options = options;
  }

  async handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    if (!payload.isRunning() || payload.isStale()) return;
    const partition = `${batch.topic}-${batch.partition}`;
    const stopBeating = this.#beat(payload);
    try {
      await this.#options.onBatch({
        topic: batch.topic,
        partition: batch.partition,
        records: batch.messages.map((message) => received(batch.topic, batch.partition, message)),
        highWatermark: BigInt(batch.highWatermark),
      });
    } catch (error) {
      this.#postpone(payload, partition, error);
      return;
    } finally {
      stopBeating();
    }
    this.#failures.delete(partition);
    await this.#commit(payload);
  }

  /** Cancels the pauses that are under way; the handler takes no batch afterwards. */
  close(): void {
    for (const pause of this.#pauses) pause.cancel();
    this.#pauses.clear();
  }

  async #commit({ batch, commitOffsetsIfNecessary, resolveOffset }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const last = batch.messages.at(-1);
    if (last === undefined) return;
    // Commit first: when it fails, kafkajs must not have moved on, so that the batch comes again.
    const offset = `${BigInt(batch.lastOffset()) + 1n}`;
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    resolveOffset(last.offset);
    this.#options.onCommitted(topic, partition);
  }

  #postpone(payload: EachBatchPayload, key: string, error: unknown): void {
    const { topic, partition } = payload.batch;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const retryInMs = backoffMs(failures);
    // The error's message may quote the record: only its class and code are safe to log.
    this.#options.logger.warn('A batch was not handled and will come again', {
      groupId: this.#options.groupId,
      topic,
      partition,
      offset: payload.batch.firstOffset() ?? '',
      failures,
      retryInMs,
      error: nameOf(error),
    });
    const resume = payload.pause();
    const pause = this.#options.clock.schedule(retryInMs, () => {
      this.#pauses.delete(pause);
      resume();
    });
    this.#pauses.add(pause);
  }

  /** Keeps the membership alive while the handler runs. After a refusal the commit shows what became of it. */
  #beat(payload: EachBatchPayload): () => void {
    const { clock, heartbeatMs, logger, groupId } = this.#options;
    let timer: Timer | null = null;
    const next = (): void => {
      timer = clock.schedule(heartbeatMs, () => {
        payload.heartbeat().then(
          () => {
            if (timer !== null) next();
          },
          (error: unknown) =>
            logger.debug('A heartbeat during a handler was refused', { groupId, error: nameOf(error) }),
        );
      });
    };
    next();
    return () => {
      timer?.cancel();
      timer = null;
    };
  }
}

function received(topic: string, partition: number, message: KafkaMessage): ReceivedRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: headersFrom(message.headers),
  };
}
