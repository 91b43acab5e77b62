import type { KeyLogRecord, StoredKeyLogRecord } from '@oubliette/keyring';
import type { FetchedPartition, KeyTopicLink } from '../../src/key-topic/link.js';

/** A key topic in memory whose polls return when the test lets them: appends, gaps and failures on command. */
export class SimulatedLink implements KeyTopicLink {
  readonly partitions: { records: StoredKeyLogRecord[]; end: bigint }[];
  /** Which broker leads each partition. */
  leaderOf: (partition: number) => number = () => 1;
  readonly failures: Error[] = [];
  /** What the next looks at the ends of the log fail with. */
  readonly endFailures: Error[] = [];
  readonly polls: { leader: number; positions: ReadonlyMap<number, bigint> }[] = [];
  closed = false;
  #wake: (() => void)[] = [];

  constructor(partitionCount: number) {
    this.partitions = Array.from({ length: partitionCount }, () => ({ records: [], end: 0n }));
  }

  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    const log = this.#log(partition);
    const first = log.end;
    for (const { key, value } of records) {
      log.records.push({ partition, offset: log.end, timestamp: 0, key, value });
      log.end += 1n;
    }
    this.answerPolls();
    return Promise.resolve(first);
  }

  /** Compaction: takes all records away that `keep` does not hold on to; offsets stay. */
  compact(partition: number, keep: (record: StoredKeyLogRecord) => boolean): void {
    const log = this.#log(partition);
    log.records = log.records.filter(keep);
  }

  /** Lets the polls that wait return, as the end of their waiting time does. */
  answerPolls(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const answer of wake) answer();
  }

  leaders(): Promise<ReadonlyMap<number, readonly number[]>> {
    const byLeader = new Map<number, number[]>();
    for (const partition of this.partitions.keys()) {
      const leader = this.leaderOf(partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    return Promise.resolve(byLeader);
  }

  highWatermarks(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>> {
    const failure = this.endFailures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(new Map(partitions.map((partition) => [partition, this.#log(partition).end])));
  }

  async fetch(
    leader: number,
    positions: ReadonlyMap<number, bigint>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<readonly FetchedPartition[]> {
    this.polls.push({ leader, positions });
    const answer = (): FetchedPartition[] =>
      [...positions].map(([partition, from]) => this.#fetched(partition, from));
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (!answer().some(({ records }) => records.length > 0))
      await new Promise<void>((resolve, reject) => {
        this.#wake.push(resolve);
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    const late = this.failures.shift();
    if (late !== undefined) throw late;
    return answer();
  }

  look(partition: number, offset: bigint, maxBytes: number): Promise<FetchedPartition> {
    const { records, nextOffset, ...rest } = this.#fetched(partition, offset);
    const some = records.slice(0, Math.max(1, Math.floor(maxBytes / 200)));
    const last = some.at(-1);
    return Promise.resolve({
      ...rest,
      records: some,
      nextOffset: last === undefined ? nextOffset : last.offset + 1n,
    });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #fetched(partition: number, from: bigint): FetchedPartition {
    const { records, end } = this.#log(partition);
    const found = records.filter(({ offset }) => offset >= from);
    const last = found.at(-1);
    return {
      partition,
      records: found,
      nextOffset: last === undefined ? from : last.offset + 1n,
      highWatermark: end,
      isThrottled: false,
    };
  }

  #log(partition: number): { records: StoredKeyLogRecord[]; end: bigint } {
    const log = this.partitions[partition];
    if (log === undefined) throw new RangeError(`no partition ${partition}`);
    return log;
  }
}
