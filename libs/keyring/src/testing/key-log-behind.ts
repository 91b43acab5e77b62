import type { KeyLog, KeyLogListener, KeyLogRecord } from '../key-log.js';

/** Another key log as it is; what a test wants otherwise is overridden. */
export class KeyLogBehind implements KeyLog {
  readonly partitionCount: number;

  constructor(protected readonly inner: KeyLog) {
    this.partitionCount = inner.partitionCount;
  }

  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    return this.inner.append(partition, records);
  }

  follow(listener: KeyLogListener): Promise<void> {
    return this.inner.follow(listener);
  }

  heard(partition: number): ReturnType<KeyLog['heard']> {
    return this.inner.heard(partition);
  }

  reached(partition: number, offset: bigint): Promise<void> {
    return this.inner.reached(partition, offset);
  }

  caughtUp(partition: number): Promise<void> {
    return this.inner.caughtUp(partition);
  }

  read(partition: number, offsets: readonly bigint[]): ReturnType<KeyLog['read']> {
    return this.inner.read(partition, offsets);
  }

  records(partition: number): ReturnType<KeyLog['records']> {
    return this.inner.records(partition);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
