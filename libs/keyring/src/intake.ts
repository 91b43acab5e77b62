import type { StoredKeyLogRecord } from './key-log.js';

type Apply = (record: StoredKeyLogRecord) => void;

/**
 * Where the key log delivers to. Until the deployment's secrets are known no record can be checked,
 * so records wait here; then they are applied in order, and every later one at once.
 */
export class Intake {
  #waiting: StoredKeyLogRecord[] = [];
  #apply: Apply | null = null;

  readonly accept = (records: readonly StoredKeyLogRecord[]): void => {
    if (this.#apply) for (const record of records) this.#apply(record);
    else for (const record of records) this.#waiting.push(record);
  };

  /** Records that wait, in the order in which they came. */
  get waiting(): readonly StoredKeyLogRecord[] {
    return this.#waiting;
  }

  /** Applies what waits, then everything that comes. */
  attach(apply: Apply): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const record of waiting) apply(record);
    this.#apply = apply;
  }
}
