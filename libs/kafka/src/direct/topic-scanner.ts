import { iterateBatches, iterateRecords, KafkaError, type BatchView } from '@oubliette/protocol';
import type { DirectClient } from './direct-client.js';
import type { FetchedBatches } from './fetch.js';
import { createPartitionReader } from './partition-reader.js';

/** A header as it stands in the log: names may stand twice, and values may be anything. */
export interface RawHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Keys and values are views of the answer, good until the next batch is asked for. */
export interface RawRecord {
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RawHeader[];
}

export interface ScannedBatch {
  readonly records: readonly RawRecord[];
}

/** A batch whose records do not decode: its codec is unknown, or its bytes are damaged. */
export interface UnreadableBatch {
  readonly baseOffset: bigint;
  readonly code: string;
}

/** Reads whole topics as they stand, for who must see everything. */
export interface TopicScanner {
  /** All topics of the cluster, internal ones too, with their partitions, by name. */
  topics(): Promise<readonly { readonly name: string; readonly partitions: readonly number[] }[]>;
  /**
   * Every record from the log start to the high watermark at the time of the call, also of transactions that were aborted or are open.
   * Markers that end transactions are left out: they hold no data of anybody.
   */
  scan(topic: string, partition: number): AsyncIterable<ScannedBatch | UnreadableBatch>;
}

/** Records are there already, so that a broker has nothing to wait for. */
const SCAN_WAIT_MS = 50;

/** Reads through `client`, which stays the caller's. Throws what the client throws. */
export function createTopicScanner(client: DirectClient): TopicScanner {
  return new DirectTopicScanner(client);
}

class DirectTopicScanner implements TopicScanner {
  constructor(private readonly client: DirectClient) {}

  async topics(): Promise<{ name: string; partitions: number[] }[]> {
    const { topics } = await this.client.metadata(null);
    return topics
      .map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partition }) => partition).sort((a, b) => a - b),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async *scan(
    topic: string,
    partition: number,
  ): AsyncGenerator<ScannedBatch | UnreadableBatch, void, undefined> {
    const { logStart, highWatermark } = await this.#offsets(topic, partition);
    let offset = logStart;
    while (offset < highWatermark) {
      const { batches, throttleMs } = await this.#fetch(topic, partition, offset);
      const from = offset;
      // A batch with a wrong CRC is looked at all the same: what it says stands on the disk.
      for (const batch of iterateBatches(batches ?? new Uint8Array(0), {
        partialTail: 'ignore',
        checkCrc: false,
      })) {
        if (batch.baseOffset >= highWatermark) return;
        if (!batch.isControl) yield decoded(batch);
        offset = batch.nextOffset;
      }
      // Below the watermark and yet no batch: cleaning took the end of the log away, nothing is left to come.
      if (offset === from && throttleMs === 0) return;
    }
  }

  #offsets(topic: string, partition: number): Promise<{ logStart: bigint; highWatermark: bigint }> {
    return createPartitionReader(this.client).offsets(topic, partition);
  }

  /** Retention may move the log start past the offset while a scan runs: it goes on there. */
  async #fetch(topic: string, partition: number, offset: bigint): Promise<FetchedBatches> {
    try {
      return await this.#fetchAt(topic, partition, offset);
    } catch (error) {
      if (!(error instanceof KafkaError) || error.codeName !== 'OFFSET_OUT_OF_RANGE') throw error;
      const { logStart } = await this.#offsets(topic, partition);
      if (logStart <= offset) throw error;
      return this.#fetchAt(topic, partition, logStart);
    }
  }

  async #fetchAt(topic: string, partition: number, offset: bigint): Promise<FetchedBatches> {
    const [fetched] = await this.client.fetchBatches([{ topic, partition, offset }], {
      maxWaitMs: SCAN_WAIT_MS,
    });
    if (fetched === undefined) throw new TypeError('one position gives one answer');
    return fetched;
  }
}

function decoded(batch: BatchView): ScannedBatch | UnreadableBatch {
  try {
    return { records: [...iterateRecords(batch)] };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { baseOffset: batch.baseOffset, code: error.codeName };
  }
}
