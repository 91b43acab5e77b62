import {
  parseRecordKey,
  type HeardAt,
  type KeyLog,
  type KeyLogListener,
  type KeyLogRecord,
  type StoredKeyLogRecord,
} from '../../src/index.js';
import type { InMemoryKeyTopic } from '../../src/testing/index.js';

/** What a process is about to do to the log. */
export interface PendingStep {
  readonly kind: 'append' | 'read';
  /** What it is about to append. */
  readonly records: readonly KeyLogRecord[];
  readonly go: () => void;
  /** The append lands, its answer is lost. */
  readonly goUnheard: () => void;
}

/**
 * One process's view of a topic of one partition. While it is stepping, each read barrier, append and read-back waits until the model
 * lets it go, and the process hears what others wrote at its reads alone; a read that comes later hears more, so that the orders of the
 * steps are all the lags there are. Deployment records land at once.
 */
export class SteppedKeyLog implements KeyLog {
  readonly partitionCount = 1;
  readonly topic: InMemoryKeyTopic;
  isStepping = false;
  /** Kids whose records the process was given. */
  readonly kidsRead = new Set<string>();
  /** How far it had read when it read its fence back. */
  fenceReadTo: bigint | null = null;
  pending: PendingStep | null = null;
  /** Taken so far. */
  steps = 0;
  readonly appended: KeyLogRecord[] = [];
  protected position = 0n;
  protected listener: KeyLogListener | null = null;
  #fenceLanded = false;
  #fail: ((error: Error) => void) | null = null;

  constructor(topic: InMemoryKeyTopic) {
    this.topic = topic;
  }

  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    if (records.every(({ key }) => parseRecordKey(key)?.kind === 'deployment')) {
      return Promise.resolve(this.topic.append(partition, records));
    }
    const land = (): bigint => {
      this.appended.push(...records);
      this.#fenceLanded ||= records.some(({ key }) => parseRecordKey(key)?.kind === 'fence');
      return this.topic.append(partition, records);
    };
    return this.#step('append', land, records);
  }

  async follow(listener: KeyLogListener): Promise<void> {
    await Promise.resolve();
    this.listener = listener;
    this.#hear();
    listener.replayed(0);
  }

  heard(): HeardAt {
    return { wall: this.topic.clock.now(), monotonic: this.topic.clock.monotonic() };
  }

  async reached(_partition: number, offset: bigint): Promise<void> {
    if (this.position > offset) return;
    await this.#step('read', () => this.#hear());
  }

  async caughtUp(_partition: number): Promise<void> {
    await this.#step('read', () => this.#hear());
  }

  read(_partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    return Promise.resolve(
      offsets.map((offset) => {
        const [record] = this.topic.records(0, offset);
        return record?.offset === offset ? record : null;
      }),
    );
  }

  async *records(partition: number): AsyncIterable<StoredKeyLogRecord> {
    await Promise.resolve();
    yield* this.topic.records(partition);
  }

  close(): Promise<void> {
    this.listener = null;
    this.#fail?.(new Error('the key log was closed'));
    return Promise.resolve();
  }

  #step<T>(kind: PendingStep['kind'], work: () => T, records: readonly KeyLogRecord[] = []): Promise<T> {
    if (!this.isStepping) return Promise.resolve(work());
    if (this.pending !== null) throw new Error('the model knows processes that do one thing at a time');
    return new Promise<T>((resolve, reject) => {
      this.#fail = reject;
      const settle = (end: () => void): void => {
        this.pending = null;
        this.steps++;
        end();
      };
      this.pending = {
        kind,
        records,
        go: () => settle(() => resolve(work())),
        goUnheard: () =>
          settle(() => {
            work();
            reject(new Error('simulated: the answer was lost'));
          }),
      };
    });
  }

  #hear(): void {
    const records = this.topic.records(0, this.position);
    this.position = this.topic.end(0);
    for (const { key } of records) {
      const name = parseRecordKey(key);
      if (name?.kind === 'user-key') this.kidsRead.add(name.kid);
    }
    if (records.length > 0) this.listener?.records(records);
    if (this.#fenceLanded) this.fenceReadTo ??= this.position;
  }
}
