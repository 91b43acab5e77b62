import type { KeyLog, KeyLogRecord, StoredKeyLogRecord } from '@oubliette/keyring';

/** A key log that refuses to be written to: looking at keys must not make any. It owns the log behind it. */
export class ReadOnlyLog implements KeyLog {
  constructor(private readonly log: KeyLog) {}

  get partitionCount(): number {
    return this.log.partitionCount;
  }

  append(_partition: number, _records: readonly KeyLogRecord[]): Promise<bigint> {
    return Promise.reject(
      new Error('This command only reads the key topic, and the topic has no deployment yet.'),
    );
  }

  follow(onRecords: (records: readonly StoredKeyLogRecord[]) => void): Promise<void> {
    return this.log.follow(onRecords);
  }

  reached(partition: number, offset: bigint): Promise<void> {
    return this.log.reached(partition, offset);
  }

  caughtUp(partition: number): Promise<void> {
    return this.log.caughtUp(partition);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
