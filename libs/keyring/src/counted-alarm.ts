import type { AlarmCode, Alarms } from './alarms.js';

/** Of each partition the first of them are told one by one. */
const toldSingly = 3;

/** Of one partition. */
interface Told {
  seen: number;
  told: number;
}

/**
 * An alarm that a whole topic may give for one cause, as records of an epoch that is not at hand do: of each partition the first few are
 * told one by one, then how many more there are, each time that their number has doubled.
 */
export class CountedAlarm {
  readonly #partitions = new Map<number, Told>();

  constructor(
    private readonly alarms: Alarms,
    private readonly code: AlarmCode,
  ) {}

  raise(partition: number, offset: bigint): void {
    const told = this.#of(partition);
    told.seen++;
    if (told.seen <= toldSingly || told.seen >= 2 * told.told) this.#tell(partition, offset, told);
  }

  /** All at once, in the log's order: the first few, and one for the others. */
  raiseAll(partition: number, offsets: readonly number[]): void {
    if (offsets.length === 0) return;
    const told = this.#of(partition);
    const ascending = Float64Array.from(offsets).sort();
    for (const offset of ascending.subarray(0, toldSingly)) {
      told.seen++;
      if (told.seen <= toldSingly) this.#tell(partition, BigInt(offset), told);
    }
    told.seen += Math.max(0, ascending.length - toldSingly);
    const last = ascending.at(-1) ?? 0;
    if (told.seen > told.told) this.#tell(partition, BigInt(last), told);
  }

  /** The cause is gone, or another: what comes now is told anew. */
  reset(partition?: number): void {
    if (partition === undefined) this.#partitions.clear();
    else this.#partitions.delete(partition);
  }

  #of(partition: number): Told {
    const told = this.#partitions.get(partition) ?? { seen: 0, told: 0 };
    this.#partitions.set(partition, told);
    return told;
  }

  #tell(partition: number, offset: bigint, told: Told): void {
    this.alarms.raise(this.code, partition, offset, told.seen - told.told);
    told.told = told.seen;
  }
}
