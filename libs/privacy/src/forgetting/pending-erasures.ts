import type { Clock, Timer } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { restMs } from '../nudger/timing.js';
import type { Erasure, ErasureStore } from '../ports.js';
import type { ErasureDriver } from './erasure-driver.js';
import { pendingPages } from './pending-pages.js';
import { UnderWay } from './under-way.js';

export interface PendingParts {
  readonly store: Pick<ErasureStore, 'pending'>;
  readonly driver: Pick<ErasureDriver, 'drive' | 'follows' | 'watchUnseen'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const longestRetryMs = 60_000;
/** A request that stands so long was left by an instance that crashed: before that it is being carried out where it was made. */
const abandonedMs = 60_000;

/** Drives on what is pending in the ledger, and tries again with growing pauses what fails. */
export class PendingErasures {
  readonly #parts: PendingParts;
  readonly #underWay = new UnderWay();
  #retry: Timer | null = null;
  #retries = 0;
  /** On the monotonic clock: a ledger with very many is not read all the time. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: PendingParts) {
    this.#parts = parts;
  }

  /** Rejects where the ledger cannot be read. */
  async resume(): Promise<void> {
    const { store, driver } = this.#parts;
    for await (const page of pendingPages(store)) {
      if (this.#isClosed) return;
      await this.#driveOrLater(page);
    }
    await driver.watchUnseen();
  }

  /** Takes over what other instances left to the one that leads. Never rejects. */
  async adopt(): Promise<void> {
    const { store, driver, clock, logger } = this.#parts;
    const from = clock.monotonic();
    if (from < this.#restsUntil) return;
    try {
      for await (const page of pendingPages(store)) {
        const left = page.filter((erasure) => this.#isLeft(erasure));
        if (left.length > 0 && !this.#isClosed) await this.#driveOrLater(left);
      }
      await driver.watchUnseen();
      const now = clock.monotonic();
      this.#restsUntil = now + restMs(now - from);
    } catch (error) {
      logger.warn('The ledger could not be read; tried again.', { error: codeOf(error) });
    }
  }

  tryAgainLater(error: unknown): void {
    const { clock, logger } = this.#parts;
    logger.warn('An erasure could not be carried out yet; it stands in the ledger and is tried again.', {
      error: codeOf(error),
    });
    if (this.#retry !== null || this.#isClosed) return;
    const pauseMs = Math.min(longestRetryMs, 500 * 2 ** Math.min(this.#retries++, 10));
    this.#retry = clock.schedule(pauseMs, () => {
      this.#retry = null;
      void this.#underWay.own(this.#retryAll());
    });
  }

  /** Resolves when what is tried again has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    await this.#underWay.settled();
  }

  #isLeft(erasure: Erasure): boolean {
    const { driver, clock } = this.#parts;
    if (erasure.state === 'forgotten') return !driver.follows(erasure);
    return erasure.state === 'requested' && clock.now() - erasure.updatedAt >= abandonedMs;
  }

  async #driveOrLater(erasures: readonly Erasure[]): Promise<void> {
    try {
      await this.#parts.driver.drive(erasures);
    } catch (error) {
      // One that can never be carried out must not hold up its neighbours.
      if (erasures.length > 1 && !isRetriable(error))
        for (const erasure of erasures) await this.#driveOrLater([erasure]);
      else this.tryAgainLater(error);
    }
  }

  async #retryAll(): Promise<void> {
    try {
      await this.resume();
      if (this.#retry === null) this.#retries = 0;
    } catch (error) {
      this.tryAgainLater(error);
    }
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}
