import type { KeyLog, KeyLogRecord, StoredKeyLogRecord } from './key-log.js';
import { closedError, KeyringError } from './errors.js';

/** Most records in one batch: about 130 KiB of key records, well below a broker's message.max.bytes. */
export const MAX_BATCH_RECORDS = 1000;

/** The key log as the keyring writes to it: append, then read back. Everything that fails is `KEYRING_UNAVAILABLE`. */
export class KeyLogWriter {
  readonly #log: KeyLog;
  #closed = false;

  constructor(log: KeyLog) {
    this.#log = log;
  }

  get partitionCount(): number {
    return this.#log.partitionCount;
  }

  /** Appends one batch and resolves when the replay has applied it. */
  async appendAndRead(partition: number, records: readonly KeyLogRecord[]): Promise<void> {
    await this.#reach(async () => {
      const first = await this.#log.append(partition, records);
      await this.#log.reached(partition, first + BigInt(records.length - 1));
    });
  }

  /** Resolves when everything that stands in the partition now has been applied. */
  async catchUp(partition: number): Promise<void> {
    await this.#reach(() => this.#log.caughtUp(partition));
  }

  /** Records again, at most `MAX_READ_OFFSETS`; null where none stands any more. */
  async read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    return this.#reach(() => this.#log.read(partition, offsets));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#log.close();
  }

  async #reach<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const result = await this.#attempt(work);
    this.assertOpen();
    return result;
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      this.assertOpen();
      throw new KeyringError(
        'KEYRING_UNAVAILABLE',
        'The key topic could not be reached, or did not give back what was written: try again when the brokers answer.',
        { cause },
      );
    }
  }

  assertOpen(): void {
    if (this.#closed) throw closedError();
  }
}
