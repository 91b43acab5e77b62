import type { Clock, Timer } from '@oubliette/runtime';
import { EventSourcingError } from './errors.js';
import type { OutboxSignal } from './outbox-signal.js';
import type { OutboxRecord, OutboxStore } from './ports.js';

export interface OutboxRelayOptions {
  readonly store: OutboxStore;
  /** Resolves when every record is acknowledged. Keys, values and headers are forwarded byte for byte. */
  readonly send: (records: readonly OutboxRecord[]) => Promise<void>;
  readonly clock: Clock;
  /** Wakes the relay after a commit. */
  readonly signal: OutboxSignal;
  /** Told of each failed round; the relay goes on by itself. */
  readonly onError: (error: unknown) => void;
  /** Records a round. Default 500. */
  readonly batchSize?: number;
  /** Longest time in ms between two looks, for records that another process committed. Default 1,000. */
  readonly pollMs?: number;
  /** Pause in ms after a failure, doubled up to the maximum. Defaults 100 and 10,000. */
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
}

/**
 * Moves records from the outbox to their topics, in order, at least once: a record is removed after its acknowledgement,
 * so a crash in between sends it again with the same event id.
 */
export class OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>;
  #state: 'new' | 'running' | 'closing' | 'closed' = 'new';
  #loop: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;
  #woken = false;
  #endPause: (() => void) | null = null;
  /** The same, while the pause may end early because of a commit. */
  #wakePause: (() => void) | null = null;
  #sent = 0;
  #failures = 0;

  constructor(options: OutboxRelayOptions) {
    this.#options = { batchSize: 500, pollMs: 1000, backoffMs: 100, maxBackoffMs: 10_000, ...options };
  }

  /** Records acknowledged and failed rounds since the last good one, for metrics and health. */
  get figures(): { readonly sent: number; readonly failuresInARow: number } {
    return { sent: this.#sent, failuresInARow: this.#failures };
  }

  start(): void {
    if (this.#state !== 'new')
      throw new EventSourcingError('RELAY_STATE', `The outbox relay is ${this.#state}: make a new one.`);
    this.#state = 'running';
    this.#unsubscribe = this.#options.signal.subscribe(() => this.#wake());
    this.#loop = this.#run();
  }

  /** Resolves when the round under way has ended; what is left in the outbox waits for the next start. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    this.#unsubscribe();
    this.#endPause?.();
    await this.#loop;
    this.#state = 'closed';
  }

  async #run(): Promise<void> {
    while (this.#state === 'running') {
      this.#woken = false;
      const full = await this.#round();
      if (full === 'failed') await this.#pause(this.#backoff(), false);
      else if (!full) await this.#pause(this.#options.pollMs, true);
    }
  }

  /** One batch: true when there may be more, false when the outbox was drained. */
  async #round(): Promise<boolean | 'failed'> {
    const { store, send, batchSize, onError } = this.#options;
    try {
      const records = await store.peek(batchSize);
      const last = records.at(-1);
      if (last !== undefined) {
        await send(records);
        await store.removeThrough(last.id);
        this.#sent += records.length;
      }
      this.#failures = 0;
      return records.length === batchSize;
    } catch (error) {
      this.#failures++;
      onError(error);
      return 'failed';
    }
  }

  #backoff(): number {
    const { backoffMs, maxBackoffMs } = this.#options;
    return Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.#failures - 1, 30));
  }

  #wake(): void {
    this.#woken = true;
    this.#wakePause?.();
  }

  #pause(ms: number, wakeable: boolean): Promise<void> {
    if (this.#state !== 'running' || (wakeable && this.#woken)) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: Timer | null = null;
      const end = (): void => {
        timer?.cancel();
        this.#endPause = null;
        this.#wakePause = null;
        resolve();
      };
      this.#endPause = end;
      if (wakeable) this.#wakePause = end;
      timer = this.#options.clock.schedule(ms, end);
    });
  }
}
