import type { KeyLogRecord } from '../key-log.js';
import { KeyLogBehind } from './key-log-behind.js';

/** Another key log that counts what is appended to it. */
export class CountedKeyLog extends KeyLogBehind {
  batches = 0;
  /** Most batches that were under way at one time. */
  mostAtOnce = 0;
  #underway = 0;

  override async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
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
}
