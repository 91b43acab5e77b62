import { KafkaError } from '@oubliette/protocol';
import type { PartitionReader, ReceivedRecord } from '../ports.js';
import type { DirectClient } from './direct-client.js';
import type { FetchedPartition } from './fetch.js';

/** Records are there already, so that a broker has nothing to wait for. */
const SCAN_WAIT_MS = 50;

/** Reads through `client`, which stays the caller's: closing the reader only ends the reader's own scans. */
export function createPartitionReader(client: DirectClient): PartitionReader {
  return new DirectPartitionReader(client);
}

class DirectPartitionReader implements PartitionReader {
  readonly #client: DirectClient;
  readonly #closing = new AbortController();

  constructor(client: DirectClient) {
    this.#client = client;
  }

  async offsets(topic: string, partition: number): Promise<{ logStart: bigint; highWatermark: bigint }> {
    const [earliest, latest] = await Promise.all([
      this.#client.listOffsets(topic, partition, 'earliest'),
      this.#client.listOffsets(topic, partition, 'latest'),
    ]);
    return { logStart: earliest.offset, highWatermark: latest.offset };
  }

  async *scan(topic: string, partition: number, from = 0n): AsyncGenerator<ReceivedRecord, void, undefined> {
    const { logStart, highWatermark } = await this.offsets(topic, partition);
    let offset = from > logStart ? from : logStart;
    while (offset < highWatermark) {
      const fetched = await this.#fetch(topic, partition, offset);
      for (const record of fetched.records) {
        if (record.offset >= highWatermark) return;
        yield record;
      }
      // Below the watermark and yet no batch: cleaning took the end of the log away, nothing is left to come.
      if (fetched.nextOffset === offset && fetched.throttleMs === 0) return;
      offset = fetched.nextOffset;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the partition reader was closed'));
  }

  /** Retention may move the log start past the offset while a scan runs: it goes on there. */
  async #fetch(topic: string, partition: number, offset: bigint): Promise<FetchedPartition> {
    const options = { signal: this.#closing.signal, maxWaitMs: SCAN_WAIT_MS };
    try {
      return await this.#client.fetch(topic, partition, offset, options);
    } catch (error) {
      if (!(error instanceof KafkaError) || error.codeName !== 'OFFSET_OUT_OF_RANGE') throw error;
      const { logStart } = await this.offsets(topic, partition);
      if (logStart <= offset) throw error;
      return this.#client.fetch(topic, partition, logStart, options);
    }
  }
}
