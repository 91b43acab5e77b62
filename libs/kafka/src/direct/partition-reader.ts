import type { PartitionReader, ReceivedRecord } from '../ports.js';
import type { DirectClient } from './direct-client.js';

/** Reads through `client`, which stays the caller's: `close` of the reader only ends the reader's own scans. */
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

  async *scan(
    topic: string,
    partition: number,
    from?: bigint,
  ): AsyncGenerator<ReceivedRecord, void, undefined> {
    const { logStart, highWatermark } = await this.offsets(topic, partition);
    let offset = from ?? logStart;
    while (offset < highWatermark) {
      const fetched = await this.#client.fetch(topic, partition, offset, { signal: this.#closing.signal });
      for (const record of fetched.records) {
        if (record.offset >= highWatermark) return;
        yield record;
      }
      // Cleaning may take the end of the log away below the watermark: then there is nothing left to come.
      if (fetched.nextOffset === offset && fetched.records.length === 0 && fetched.highWatermark <= offset)
        return;
      offset = fetched.nextOffset;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the partition reader was closed'));
  }
}
