import type { KeyLogListener, KeyLogRecord, StoredKeyLogRecord } from '../key-log.js';
import { keptRecord } from './kept-record.js';
import { KeyLogBehind } from './key-log-behind.js';

interface Waiter {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
}

/**
 * Another key log that hands on what it is given one record at a time, when it is told to: a batch is in the log and its end is not read
 * yet. Nothing may restart meanwhile.
 */
export class TricklingKeyLog extends KeyLogBehind {
  #listener: KeyLogListener | null = null;
  readonly #kept: StoredKeyLogRecord[] = [];
  /** The next offset to hand on, by partition. */
  readonly #next = new Map<number, bigint>();
  #waiters: Waiter[] = [];
  /** Appends that were acknowledged. */
  #appended = 0;

  override follow(listener: KeyLogListener): Promise<void> {
    this.#listener = listener;
    return this.inner.follow({
      records: (records) => {
        this.#kept.push(...records.map(keptRecord));
        this.#settle();
      },
      restarted: (partition) => listener.restarted(partition),
      replayed: (partition) => listener.replayed(partition),
    });
  }

  override async append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    const first = await this.inner.append(partition, records);
    this.#appended++;
    this.#settle();
    return first;
  }

  override async reached(partition: number, offset: bigint): Promise<void> {
    await this.inner.reached(partition, offset);
    await this.#when(() => (this.#next.get(partition) ?? 0n) > offset);
  }

  override async caughtUp(partition: number): Promise<void> {
    await this.inner.caughtUp(partition);
    const last = this.#kept.findLast((record) => record.partition === partition);
    if (last !== undefined) await this.reached(partition, last.offset);
  }

  /** Resolves when so many records wait to be handed on, and so many appends were acknowledged. */
  holds(records: number, appended: number): Promise<void> {
    return this.#when(() => this.#kept.length >= records && this.#appended >= appended);
  }

  handOnOne(): void {
    const record = this.#kept.shift();
    if (record === undefined) throw new RangeError('nothing waits to be handed on');
    this.#listener?.records([record]);
    this.#next.set(record.partition, record.offset + 1n);
    this.#settle();
  }

  #when(isOver: () => boolean): Promise<void> {
    if (isOver()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isOver, resolve }));
  }

  #settle(): void {
    const waiting = this.#waiters;
    this.#waiters = waiting.filter(({ isOver }) => !isOver());
    for (const { isOver, resolve } of waiting) if (isOver()) resolve();
  }
}
