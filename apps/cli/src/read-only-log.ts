import type { HeardAt, KeyLog, KeyLogListener, KeyLogRecord, StoredKeyLogRecord } from '@oubliette/keyring';

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

  follow(listener: KeyLogListener): Promise<void> {
    return this.log.follow(listener);
  }

  heard(partition: number): HeardAt | null {
    return this.log.heard(partition);
  }

  read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    return this.log.read(partition, offsets);
  }

  reached(partition: number, offset: bigint): Promise<void> {
    return this.log.reached(partition, offset);
  }

  caughtUp(partition: number): Promise<void> {
    return this.log.caughtUp(partition);
  }

  records(partition: number): AsyncIterable<StoredKeyLogRecord> {
    return this.log.records(partition);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
