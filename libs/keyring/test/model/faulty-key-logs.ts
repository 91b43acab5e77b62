import { parseRecordKey, type KeyLogRecord } from '../../src/index.js';
import { SteppedKeyLog } from './stepped-key-log.js';

const isFence = ({ key }: KeyLogRecord): boolean => parseRecordKey(key)?.kind === 'fence';

/** The process writes the tombstones first and the fence in a batch of its own. */
export class TwoBatches extends SteppedKeyLog {
  override async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    const fences = records.filter(isFence);
    const others = records.filter((record) => !isFence(record));
    if (fences.length === 0 || others.length === 0) return super.append(partition, records);
    await super.append(partition, others);
    const last = await super.append(partition, fences);
    return last - BigInt(others.length);
  }
}

/** The process takes what it wrote for what stands in the log, and reads nothing back. */
export class NoReadBack extends SteppedKeyLog {
  override async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    const first = await super.append(partition, records);
    this.listener?.records(this.topic.records(partition, first).slice(0, records.length));
    return first;
  }

  override reached(): Promise<void> {
    return Promise.resolve();
  }
}

/** The process buries nothing while it works. */
export class NoBurial extends SteppedKeyLog {
  override append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    const isBurial = this.isStepping && records.every(({ value }) => value === null);
    return isBurial ? Promise.resolve(-BigInt(records.length)) : super.append(partition, records);
  }
}
