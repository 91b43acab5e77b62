import type { KeyLog, KeyLogRecord } from './key-log.js';
import { KeyringError } from './errors.js';

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

  async close(): Promise<void> {
    this.#closed = true;
    await this.#log.close();
  }

  async #reach(work: () => Promise<void>): Promise<void> {
    this.assertOpen();
    try {
      await work();
    } catch (cause) {
      this.assertOpen();
      throw new KeyringError(
        'KEYRING_UNAVAILABLE',
        'The key topic could not be reached, or did not give back what was written: try again when the brokers answer.',
        { cause },
      );
    }
    this.assertOpen();
  }

  assertOpen(): void {
    if (this.#closed) throw new KeyringError('KEYRING_CLOSED', 'The keyring was closed: open a new one.');
  }
}
