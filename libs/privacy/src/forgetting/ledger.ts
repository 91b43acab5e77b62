import type { Clock, Entropy } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import type { Erasure, ErasureState, ErasureStore } from '../ports.js';
import { oneMonthAfter } from './calendar-month.js';
import { randomUuid } from './random-uuid.js';

export interface LedgerParts {
  readonly store: ErasureStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** From request to deadline, in ms; one calendar month where it is not given. */
  readonly deadlineMs?: number;
}

const mostTries = 10;

/** Entries of the ledger of erasures: opened once for a user and lifecycle, and only ever moved forward. */
export class Ledger {
  constructor(private readonly parts: LedgerParts) {}

  /** The erasures that stand for users and lifecycles, requested now where there was none. */
  async open(users: readonly Pick<Erasure, 'userRef' | 'lifecycle'>[]): Promise<Erasure[]> {
    const { store, clock, entropy, deadlineMs } = this.parts;
    const requestedAt = clock.now();
    return store.openAll(
      users.map(({ userRef, lifecycle }) => ({
        erasureId: randomUuid(entropy),
        userRef,
        lifecycle,
        state: 'requested',
        requestedAt,
        deadline: deadlineMs === undefined ? oneMonthAfter(requestedAt) : requestedAt + deadlineMs,
        boundMs: null,
        forgottenAt: null,
        erasedAt: null,
        note: null,
      })),
    );
  }

  async has(erasureId: string): Promise<boolean> {
    return (await this.parts.store.get(erasureId)) !== null;
  }

  /** As `move`, for many that are known to stand in `from`. */
  async moveAll(
    erasures: readonly Erasure[],
    from: ErasureState,
    change: (current: Erasure) => Erasure,
  ): Promise<Erasure[]> {
    const changed = erasures.map(change);
    const moved = await this.parts.store.advanceAll(changed, from);
    const results: Erasure[] = [];
    for (const erasure of changed) {
      const { erasureId } = erasure;
      results.push(moved.has(erasureId) ? erasure : await this.move(erasureId, from, change));
    }
    return results;
  }

  /** States only go forward: whoever loses the race takes what stands. */
  async move(erasureId: string, from: ErasureState, change: (current: Erasure) => Erasure): Promise<Erasure> {
    let current = await this.#standing(erasureId);
    for (let tries = 0; tries < mostTries; tries++) {
      if (current.state !== from) return current;
      const changed = change(current);
      if (await this.parts.store.advance(changed, from)) return changed;
      current = await this.#standing(erasureId);
    }
    return current;
  }

  async #standing(erasureId: string): Promise<Erasure> {
    const erasure = await this.parts.store.get(erasureId);
    if (erasure) return erasure;
    throw new PrivacyError(
      'ERASURE_MISSING',
      `The erasure ${erasureId} was opened and is not in the ledger any more. Check the database.`,
    );
  }
}
