import type { KeyLogRecord, StoredKeyLogRecord } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { FetchedPartition, KeyTopicLink, LookOptions } from '../../src/key-topic/link.js';

interface Poll {
  readonly wake: () => void;
  readonly cut: () => void;
}

/**
 * A key topic in memory whose polls return when the test lets them, or on a clock: appends, gaps, slow answers, outages and
 * failures on command.
 */
export class SimulatedLink implements KeyTopicLink {
  readonly partitions: { records: StoredKeyLogRecord[]; end: bigint }[];
  /** Which broker leads each partition. */
  leaderOf: (partition: number) => number = () => 1;
  readonly failures: Error[] = [];
  /** What the next looks at the ends of the log fail with. */
  readonly endFailures: Error[] = [];
  readonly polls: { leader: number; positions: ReadonlyMap<number, bigint> }[] = [];
  readonly looks: { partition: number; offset: bigint; maxBytes: number }[] = [];
  /** How long a request is on its way to the broker, and its answer back, ms of the clock. */
  delaysMs: () => readonly [there: number, back: number] = () => [0, 0];
  /** Most records of one answer to a poll; the partitions asked for first come first. */
  answerRecords = Infinity;
  /** What fetches tell as the high watermark of a partition that ends at `end`. */
  toldEnd: (end: bigint, partition: number) => bigint = (end) => end;
  isThrottled = false;
  closed = false;
  readonly #clock: Clock | null;
  readonly #waiting = new Set<Poll>();
  #isDown = false;

  /** With a clock, polls return after their waiting time, and records are stamped by it. */
  constructor(partitionCount: number, clock: Clock | null = null) {
    this.#clock = clock;
    this.partitions = Array.from({ length: partitionCount }, () => ({ records: [], end: 0n }));
  }

  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    if (this.#isDown) return Promise.reject(unavailable());
    return Promise.resolve(this.appendElsewhere(partition, records));
  }

  /** As another process does whose connection is up. */
  appendElsewhere(partition: number, records: readonly KeyLogRecord[]): bigint {
    const log = this.#log(partition);
    const first = log.end;
    const timestamp = this.#clock?.now() ?? 0;
    for (const { key, value } of records) {
      log.records.push({ partition, offset: log.end, timestamp, key, value });
      log.end += 1n;
    }
    this.answerPolls();
    return first;
  }

  /** Compaction: takes all records away that `keep` does not hold on to; offsets stay. */
  compact(partition: number, keep: (record: StoredKeyLogRecord) => boolean): void {
    const log = this.#log(partition);
    log.records = log.records.filter(keep);
  }

  /** While down, everything that is asked fails, and the polls that wait with it. */
  set down(down: boolean) {
    this.#isDown = down;
    if (down) for (const { cut } of [...this.#waiting]) cut();
  }

  /** Lets the polls that wait return, as the end of their waiting time does. */
  answerPolls(): void {
    for (const { wake } of [...this.#waiting]) wake();
  }

  leaders(): Promise<ReadonlyMap<number, readonly number[]>> {
    if (this.#isDown) return Promise.reject(unavailable());
    const byLeader = new Map<number, number[]>();
    for (const partition of this.partitions.keys()) {
      const leader = this.leaderOf(partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    return Promise.resolve(byLeader);
  }

  highWatermarks(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>> {
    const failure = this.#isDown ? unavailable() : this.endFailures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(new Map(partitions.map((partition) => [partition, this.#log(partition).end])));
  }

  async fetch(
    leader: number,
    positions: ReadonlyMap<number, bigint>,
    { maxWaitMs, signal }: { readonly maxWaitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly FetchedPartition[]> {
    this.polls.push({ leader, positions });
    const [there, back] = this.delaysMs();
    await this.#pass(there, signal);
    this.#failIfTold();
    if (!this.#answer(positions).some(({ records }) => records.length > 0))
      await this.#somethingOr(maxWaitMs, signal);
    this.#failIfTold();
    const answer = this.#answer(positions);
    await this.#pass(back, signal);
    return answer;
  }

  look(partition: number, offset: bigint, { maxBytes, only }: LookOptions): Promise<FetchedPartition> {
    this.looks.push({ partition, offset, maxBytes });
    if (this.#isDown) return Promise.reject(unavailable());
    const fetched = this.#fetched(partition, offset, Math.max(1, Math.floor(maxBytes / 200)));
    const records = [...fetched.records].filter((record) => only?.has(record.offset) ?? true);
    return Promise.resolve({ ...fetched, records });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #failIfTold(): void {
    const failure = this.#isDown ? unavailable() : this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  async #pass(ms: number, signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    if (ms === 0 || clock === null) return;
    await this.#until(signal, (wake) => clock.schedule(ms, wake));
  }

  /** Until something is appended, the waiting time is over, the link is cut or the poll aborted. */
  #somethingOr(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    return this.#until(signal, (wake, cut) => {
      const poll = { wake, cut };
      this.#waiting.add(poll);
      const timer = this.#clock?.schedule(maxWaitMs, wake);
      return {
        cancel: () => {
          this.#waiting.delete(poll);
          timer?.cancel();
        },
      };
    });
  }

  #until(
    signal: AbortSignal,
    begin: (wake: () => void, cut: () => void) => { cancel(): void },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => (): void => {
        wait.cancel();
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const onAbort = settle(() => reject(new Error('aborted')));
      const wait = begin(
        settle(resolve),
        settle(() => reject(unavailable())),
      );
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #answer(positions: ReadonlyMap<number, bigint>): FetchedPartition[] {
    let left = this.answerRecords;
    return [...positions].map(([partition, from]) => {
      const fetched = this.#fetched(partition, from, left);
      left -= fetched.records.length;
      return fetched;
    });
  }

  #fetched(partition: number, from: bigint, atMost: number): FetchedPartition {
    const { records, end } = this.#log(partition);
    const highWatermark = this.toldEnd(end, partition);
    const found = this.isThrottled
      ? []
      : records.filter(({ offset }) => offset >= from && offset < highWatermark).slice(0, atMost);
    const last = found.at(-1);
    const nextOffset = last === undefined ? from : last.offset + 1n;
    return { partition, records: found, nextOffset, highWatermark, isThrottled: this.isThrottled };
  }

  #log(partition: number): { records: StoredKeyLogRecord[]; end: bigint } {
    const log = this.partitions[partition];
    if (log === undefined) throw new RangeError(`no partition ${partition}`);
    return log;
  }
}

function unavailable(): Error {
  return Object.assign(new Error('simulated: the link is down'), { code: 'DOWN', retriable: true });
}
