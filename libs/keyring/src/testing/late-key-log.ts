import type { KeyLogListener, StoredKeyLogRecord } from '../key-log.js';
import { keptRecord } from './kept-record.js';
import { KeyLogBehind } from './key-log-behind.js';

/** Another key log that hands nothing on while it is held: a follower that is behind. Nothing may restart meanwhile. */
export class LateKeyLog extends KeyLogBehind {
  #listener: KeyLogListener | null = null;
  #kept: StoredKeyLogRecord[] = [];
  #held: Promise<void> | null = null;
  #letGo: () => void = () => undefined;

  /** Keeps back what comes from now on, until `release`. */
  hold(): void {
    this.#held = new Promise((resolve) => (this.#letGo = resolve));
  }

  release(): void {
    this.#held = null;
    for (const record of this.#kept.splice(0)) this.#listener?.records([record]);
    this.#letGo();
  }

  override follow(listener: KeyLogListener): Promise<void> {
    this.#listener = listener;
    return this.inner.follow({
      records: (records) => {
        if (this.#held === null) return listener.records(records);
        this.#kept.push(...records.map(keptRecord));
      },
      restarted: (partition) => listener.restarted(partition),
      replayed: (partition) => listener.replayed(partition),
    });
  }

  override async reached(partition: number, offset: bigint): Promise<void> {
    await this.inner.reached(partition, offset);
    await this.#held;
  }

  override async caughtUp(partition: number): Promise<void> {
    await this.inner.caughtUp(partition);
    await this.#held;
  }
}
