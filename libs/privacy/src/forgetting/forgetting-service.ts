import type { Keyring, UserRef } from '@oubliette/keyring';
import type { Clock, Entropy, Timer } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import { silentLogger, type Logger } from '../logger.js';
import { Nudger } from '../nudger/nudger.js';
import type { Erasure, ErasureState, ErasureStore, KeyTopicWindow } from '../ports.js';
import { oneMonthAfter } from './calendar-month.js';
import { erasureBoundMs } from './erasure-bound.js';
import { randomUuid } from './random-uuid.js';

export interface ForgettingOptions {
  readonly keyring: Keyring;
  readonly store: ErasureStore;
  readonly window: KeyTopicWindow;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger?: Logger;
  /** From request to deadline, in ms; one calendar month where it is not given. */
  readonly deadlineMs?: number;
}

const boundIsFreshForMs = 60_000;
const longestRetryMs = 60_000;
const mostTries = 10;

/**
 * Forgets users and sees it through: requested → forgotten (fence and tombstones durable, caches evicted) → erased
 * (a whole read of the partition shows no key record with a value, and file.delete.delay.ms has passed).
 * The ledger comes first, so that a crash between two steps loses none: `resume` drives on what is pending.
 */
export class ForgettingService {
  readonly #parts: ForgettingOptions;
  readonly #logger: Logger;
  readonly #nudger: Nudger;
  readonly #underWay = new Set<Promise<unknown>>();
  #bound: { readonly ms: Promise<number | null>; readonly readAt: number } | null = null;
  #retry: Timer | null = null;
  #retries = 0;
  #closed = false;

  constructor(options: ForgettingOptions) {
    this.#parts = options;
    this.#logger = options.logger ?? silentLogger;
    const { window, keyring, clock } = options;
    this.#nudger = new Nudger({
      window,
      keyring,
      clock,
      logger: this.#logger,
      listener: {
        standing: (erasureId, values) => this.#noteStanding(erasureId, values),
        gone: (erasureId) => this.#finish(erasureId),
      },
    });
  }

  /**
   * Forgets the user behind `userId`; resolves once nobody can decrypt any more. Again for the same user: the erasure
   * that stands. Rejects with USER_UNKNOWN for somebody who never had a key, with the keyring's USER_ID_INVALID, and with
   * its retriable KEYRING_UNAVAILABLE: then the request stands in the ledger and is carried out as soon as it can be.
   */
  async request(userId: string): Promise<Erasure> {
    this.#assertOpen();
    return this.#own(this.#request(this.#parts.keyring.userRef(userId)));
  }

  /** null: there is no such erasure. */
  find(erasureId: string): Promise<Erasure | null> {
    return this.#parts.store.get(erasureId);
  }

  /** Erasures that are not *erased* yet, oldest first. */
  pending(): Promise<Erasure[]> {
    return this.#parts.store.pending();
  }

  /**
   * Drives on everything pending in the ledger; call it once the keyring is loaded. What fails is tried again with
   * growing pauses, so it rejects only when the ledger cannot be read.
   */
  async resume(): Promise<void> {
    this.#assertOpen();
    await this.#own(this.#resume());
    // Ahead of the first request. A failure shows when a request asks for it again.
    await this.#own(this.#boundMs().catch(() => null));
  }

  /** Ends all work under way; what is pending stays in the ledger for `resume`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await Promise.allSettled(this.#underWay);
    await this.#nudger.close();
  }

  async #request(userRef: UserRef): Promise<Erasure> {
    const { keyring, store, clock, entropy, deadlineMs } = this.#parts;
    // Another process may have minted the user's key a moment ago.
    if (keyring.state(userRef) === 'unknown') await keyring.catchUp([userRef]);
    const state = keyring.state(userRef);
    if (state === 'unknown')
      throw new PrivacyError(
        'USER_UNKNOWN',
        'This user never had a key, so nothing is stored. Check the id.',
      );
    const fenced = keyring.fence(userRef)?.lifecycle ?? 0;
    const requestedAt = clock.now();
    const opened = await store.open({
      erasureId: randomUuid(entropy),
      userRef,
      lifecycle: state === 'forgotten' ? fenced : fenced + 1,
      state: 'requested',
      requestedAt,
      deadline: deadlineMs === undefined ? oneMonthAfter(requestedAt) : requestedAt + deadlineMs,
      boundMs: null,
      forgottenAt: null,
      erasedAt: null,
      note: null,
    });
    return this.#driveOrRetry(opened);
  }

  async #resume(): Promise<void> {
    for (const erasure of await this.#parts.store.pending()) {
      if (this.#closed) return;
      try {
        await this.#drive(erasure);
      } catch (error) {
        this.#tryAgainLater(error);
      }
    }
  }

  async #driveOrRetry(erasure: Erasure): Promise<Erasure> {
    try {
      return await this.#drive(erasure);
    } catch (error) {
      this.#tryAgainLater(error);
      throw error;
    }
  }

  /** Takes an erasure as far as it goes at once: to *forgotten*, and into the nudger's hands. */
  async #drive(erasure: Erasure): Promise<Erasure> {
    const current = erasure.state === 'requested' ? await this.#forget(erasure) : erasure;
    if (current.state === 'forgotten') {
      const { erasureId: id, userRef } = current;
      this.#nudger.add({ id, userRef, fencedAt: current.forgottenAt ?? this.#parts.clock.now() });
    }
    return current;
  }

  async #forget(erasure: Erasure): Promise<Erasure> {
    const [fence, boundMs] = await bothSettled(this.#parts.keyring.forget(erasure.userRef), this.#boundMs());
    return this.#move(erasure.erasureId, 'requested', (current) => ({
      ...current,
      state: 'forgotten',
      boundMs,
      forgottenAt: fence.erasedAt,
      note: boundMs === null ? 'no bound: see `oubliette guard check`' : null,
    }));
  }

  async #noteStanding(erasureId: string, values: number): Promise<void> {
    if (!(await this.#inLedger(erasureId))) return;
    const note = `${values} key record${values === 1 ? '' : 's'} left`;
    await this.#move(erasureId, 'forgotten', (current) => ({ ...current, note }));
  }

  async #finish(erasureId: string): Promise<void> {
    if (!(await this.#inLedger(erasureId))) return;
    const erasedAt = this.#parts.clock.now();
    await this.#move(erasureId, 'forgotten', (current) => ({
      ...current,
      state: 'erased',
      erasedAt,
      note: 'no key record left',
    }));
  }

  /** The nudger also erases what landed after its fence; the ledger has no entry for that. */
  async #inLedger(jobId: string): Promise<boolean> {
    return (await this.#parts.store.get(jobId)) !== null;
  }

  /** States only go forward: whoever loses the race takes what stands. */
  async #move(
    erasureId: string,
    from: ErasureState,
    change: (current: Erasure) => Erasure,
  ): Promise<Erasure> {
    const { store } = this.#parts;
    for (let tries = 0; tries < mostTries; tries++) {
      const current = await this.#standing(erasureId);
      if (current.state !== from) return current;
      const changed = change(current);
      if (await store.advance(changed, from)) return changed;
    }
    return this.#standing(erasureId);
  }

  async #standing(erasureId: string): Promise<Erasure> {
    const erasure = await this.#parts.store.get(erasureId);
    if (erasure) return erasure;
    throw new PrivacyError(
      'ERASURE_MISSING',
      `The erasure ${erasureId} was opened and is not in the ledger any more. Check the database.`,
    );
  }

  /** Read from the cluster at most once a minute: forgetting must not wait for settings each time. */
  async #boundMs(): Promise<number | null> {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    if (!this.#bound || now - this.#bound.readAt > boundIsFreshForMs)
      this.#bound = { ms: this.#readBound(), readAt: now };
    try {
      return await this.#bound.ms;
    } catch (error) {
      this.#bound = null;
      throw error;
    }
  }

  async #readBound(): Promise<number | null> {
    return erasureBoundMs(await this.#parts.window.settings());
  }

  #tryAgainLater(error: unknown): void {
    this.#logger.warn(
      'An erasure could not be carried out yet; it stands in the ledger and is tried again.',
      {
        error: error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED',
      },
    );
    if (this.#retry || this.#closed) return;
    const pauseMs = Math.min(longestRetryMs, 500 * 2 ** Math.min(this.#retries++, 10));
    this.#retry = this.#parts.clock.schedule(pauseMs, () => {
      this.#retry = null;
      void this.#own(this.#retryAll());
    });
  }

  async #retryAll(): Promise<void> {
    try {
      await this.#resume();
      if (this.#retry === null) this.#retries = 0;
    } catch (error) {
      this.#tryAgainLater(error);
    }
  }

  /** `close` waits for it. */
  async #own<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new PrivacyError(
        'FORGETTING_CLOSED',
        'The forgetting service was closed. Do not use it any more.',
      );
  }
}

/** The failure of one must not leave the other without an owner. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}
