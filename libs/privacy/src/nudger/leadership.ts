import type { Clock, Timer } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { LeaseStore } from '../ports.js';

const leaseName = 'nudger';
const ttlMs = 15_000;
const renewMs = 5_000;

export interface LeadershipParts {
  readonly leases: LeaseStore;
  /** Names this instance; no other may have the same. */
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every five seconds while this instance leads, beginning at once: what stands in the ledger is its own. Never rejects. */
  readonly onLead: () => Promise<void>;
  /** It does not lead any more. */
  readonly onLost: () => void;
}

/**
 * Whether this instance is the one that sees erasures through. It leads from when it asked for the lease, for as long as it asked for:
 * the store counts from when it was asked, which is later. So two lead at once only where a clock runs fast or slow by more than the
 * request took, and then they nudge twice, which does no harm.
 */
export class Leadership {
  readonly #parts: LeadershipParts;
  /** By both clocks: monotonic time stands still while a laptop sleeps, and the wall clock may be set. */
  #since: { readonly monotonic: number; readonly wall: number } | null = null;
  #timer: Timer | null = null;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  /** Asks for the lease and goes on asking. Resolves when the first answer is there, or there is none. */
  async start(): Promise<void> {
    this.#turn = this.#ask();
    await this.#turn;
  }

  get leads(): boolean {
    if (this.#since === null) return false;
    const { clock } = this.#parts;
    const elapsed = clock.monotonic() - this.#since.monotonic;
    return elapsed < ttlMs && Math.abs(clock.now() - this.#since.wall) < ttlMs;
  }

  /** Gives the lease back, so that another instance need not wait for its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#turn;
    const { leases, holder, logger } = this.#parts;
    if (this.#since === null) return;
    this.#since = null;
    try {
      await leases.release(leaseName, holder);
    } catch (error) {
      logger.warn('The lease of the nudger could not be given back; it ends by itself.', {
        error: codeOf(error),
      });
    }
  }

  async #ask(): Promise<void> {
    const { leases, holder, clock, logger, onLead } = this.#parts;
    const led = this.#since !== null;
    const asked = { monotonic: clock.monotonic(), wall: clock.now() };
    try {
      const isOurs = await leases.acquire(leaseName, holder, ttlMs);
      this.#since = isOurs ? asked : null;
    } catch (error) {
      // What was promised before holds until its end.
      if (!this.leads) this.#since = null;
      logger.warn('The lease of the nudger could not be asked for; tried again.', { error: codeOf(error) });
    }
    if (led && this.#since === null) this.#parts.onLost();
    if (this.#since !== null && !this.#isClosed) await onLead();
    if (this.#isClosed) return;
    this.#timer = clock.schedule(renewMs, () => {
      this.#turn = this.#ask();
    });
  }
}
