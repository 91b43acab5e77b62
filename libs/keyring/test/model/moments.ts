import type {
  HeardAt,
  KeyLog,
  KeyLogListener,
  KeyLogRecord,
  MasterKeys,
  StoredKeyLogRecord,
} from '../../src/index.js';

/** Counts what a process asks of its log and its master keys; at one of these moments something else happens first, or right after. */
export class Moments {
  /** It counts while a turn goes on. */
  isOn = false;
  passed = 0;
  /** The process is no more: nothing that it asks is done. */
  isDead = false;

  constructor(
    readonly at: number,
    readonly when: 'before' | 'after',
    private readonly interrupt: (moments: Moments) => Promise<void>,
    /** Nothing comes between an append and its landing. */
    private readonly sparesAppends = false,
  ) {}

  /** The process dies at this moment. */
  static death(at: number, when: 'before' | 'after'): Moments {
    return new Moments(at, when, (moments) => {
      moments.isDead = true;
      return Promise.reject(new Error('simulated: the process died'));
    });
  }

  get isReached(): boolean {
    return this.passed > this.at;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.isOn = true;
    try {
      return await work();
    } finally {
      this.isOn = false;
    }
  }

  async around<T>(work: () => Promise<T>, isAppend = false): Promise<T> {
    if (this.isDead) throw new Error('simulated: the process died');
    const isNow = this.isOn && this.passed++ === this.at;
    if (isNow && this.when === 'before' && !(isAppend && this.sparesAppends)) await this.interrupt(this);
    const result = await work();
    if (isNow && this.when === 'after') await this.interrupt(this);
    return result;
  }
}

/** A log whose calls pass by `moments`. While it is deaf, it is given nothing of partition 0, where the deployment stands. */
export class WatchedKeyLog implements KeyLog {
  readonly partitionCount: number;
  #listener: KeyLogListener | null = null;
  #unheard: StoredKeyLogRecord[] | null = null;
  #heardBefore: HeardAt | null = null;

  constructor(
    private readonly inner: KeyLog,
    private readonly moments: Moments | null = null,
  ) {
    this.partitionCount = inner.partitionCount;
  }

  /** Nothing of partition 0 comes until `listen`; the others come on. */
  deafen(): void {
    this.#heardBefore = this.inner.heard(0);
    this.#unheard = [];
  }

  listen(): void {
    const records = this.#unheard ?? [];
    this.#unheard = null;
    this.#listener?.records(records);
  }

  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint> {
    return this.#pass(() => this.inner.append(partition, records), true);
  }

  follow(listener: KeyLogListener): Promise<void> {
    this.#listener = listener;
    return this.inner.follow({
      records: (records) => {
        const isHeld = this.#unheard !== null && records[0]?.partition === 0;
        if (isHeld) this.#unheard?.push(...records);
        else listener.records(records);
      },
      restarted: (partition) => listener.restarted(partition),
      replayed: (partition) => listener.replayed(partition),
    });
  }

  heard(partition: number): HeardAt | null {
    return partition === 0 && this.#unheard !== null ? this.#heardBefore : this.inner.heard(partition);
  }

  reached(partition: number, offset: bigint): Promise<void> {
    return this.#pass(() => this.inner.reached(partition, offset));
  }

  caughtUp(partition: number): Promise<void> {
    return this.#pass(() => this.inner.caughtUp(partition));
  }

  read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]> {
    return this.#pass(() => this.inner.read(partition, offsets));
  }

  async *records(partition: number): AsyncIterable<StoredKeyLogRecord> {
    await this.#pass(() => Promise.resolve());
    yield* this.inner.records(partition);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #pass<T>(work: () => Promise<T>, isAppend = false): Promise<T> {
    return this.moments === null ? work() : this.moments.around(work, isAppend);
  }
}

/** Master keys whose calls pass by `moments`. */
export function watchedMasterKeys(inner: MasterKeys, moments: Moments): MasterKeys {
  return {
    get current() {
      return inner.current;
    },
    keys: (options) => moments.around(() => inner.keys(options)),
    wrap: (context, secret, options) => moments.around(() => inner.wrap(context, secret, options)),
    unwrap: (fingerprint, context, wrapped, options) =>
      moments.around(() => inner.unwrap(fingerprint, context, wrapped, options)),
    advance: (from, options) => moments.around(() => inner.advance(from, options)),
    destroy: (epoch, options) => moments.around(() => inner.destroy(epoch, options)),
    close: () => inner.close(),
  };
}
