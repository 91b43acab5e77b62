import type { KeyLog, KeyLogListener, KeyLogRecord } from '../key-log.js';

/** Another key log that counts what is appended to it. */
export class CountedKeyLog implements KeyLog {
  readonly partitionCount: number;
  batches = 0;
  /** Most batches that were under way at one time. */
  mostAtOnce = 0;
  #underway = 0;

  constructor(private readonly inner: KeyLog) {
    this.partitionCount = inner.partitionCount;
  }

  async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    this.batches++;
    this.#underway++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underway);
    try {
      return await this.inner.append(partition, records);
    } finally {
      this.#underway--;
    }
  }

  /** Counts anew. */
  reset(): void {
    this.batches = 0;
    this.mostAtOnce = 0;
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
