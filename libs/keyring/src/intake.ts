import type { KeyLogListener, StoredKeyLogRecord } from './key-log.js';

/**
 * Where the key log delivers to. Until the deployment's secrets are known no record can be checked,
 * so records wait here; then they are applied in order, and every later one at once.
 */
export class Intake implements KeyLogListener {
  #waiting: StoredKeyLogRecord[] = [];
  readonly #replayed = new Set<number>();
  #listener: KeyLogListener | null = null;

  records(records: readonly StoredKeyLogRecord[]): void {
    if (this.#listener) this.#listener.records(records);
    else for (const record of records) this.#waiting.push(record);
  }

  restarted(partition: number): void {
    if (this.#listener) this.#listener.restarted(partition);
    else {
      this.#waiting = this.#waiting.filter((record) => record.partition !== partition);
      this.#replayed.delete(partition);
    }
  }

  replayed(partition: number): void {
    if (this.#listener) this.#listener.replayed(partition);
    else this.#replayed.add(partition);
  }

  /** Records that wait, in the order in which they came. */
  get waiting(): readonly StoredKeyLogRecord[] {
    return this.#waiting;
  }

  /** Gives the listener what waits, then everything that comes. */
  attach(listener: KeyLogListener): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) listener.records(waiting);
    for (const partition of this.#replayed) listener.replayed(partition);
    this.#replayed.clear();
    this.#listener = listener;
  }
}
