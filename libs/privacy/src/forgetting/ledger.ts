import type { Clock, Entropy } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import type { LegalCalendar } from '../deadlines/legal-calendar.js';
import type { ReadPolicy } from '../deadlines/deadline-policy.js';
import type { Erasure, ErasureState, ErasureStore } from '../ports.js';
import { randomUuid } from './random-uuid.js';

export interface LedgerParts {
  readonly store: ErasureStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly policy: ReadPolicy;
  readonly calendar: LegalCalendar;
}

const mostTries = 10;

/** What a step makes of an erasure. */
export type Change = (current: Erasure) => Partial<Erasure>;

/** Entries of the ledger of erasures: opened once for a user and lifecycle, and only ever moved forward. */
export class Ledger {
  constructor(private readonly parts: LedgerParts) {}

  /** The erasures that stand for users and lifecycles, requested now where there was none. */
  async open(users: readonly Pick<Erasure, 'userRef' | 'lifecycle'>[]): Promise<Erasure[]> {
    const { store, clock, entropy, policy, calendar } = this.parts;
    const requestedAt = Math.floor(clock.now());
    const deadline = calendar.endOf(policy.period, requestedAt);
    return store.openAll(
      users.map(({ userRef, lifecycle }) => ({
        erasureId: randomUuid(entropy),
        userRef,
        lifecycle,
        revision: 0,
        state: 'requested',
        requestedAt,
        updatedAt: requestedAt,
        law: policy.law,
        deadline,
        extension: null,
        hold: null,
        keys: null,
        boundMs: null,
        forgottenAt: null,
        erasedAt: null,
        note: null,
        evidence: null,
        topics: [],
      })),
    );
  }

  async has(erasureId: string): Promise<boolean> {
    return (await this.parts.store.get(erasureId)) !== null;
  }

  /** As `move`, for many that are known to stand in one of `from`. */
  async moveAll(
    erasures: readonly Erasure[],
    from: readonly ErasureState[],
    change: Change,
  ): Promise<Erasure[]> {
    const changed = erasures.map((erasure) => this.#step(erasure, change));
    const moved = await this.parts.store.advanceAll(changed);
    const results: Erasure[] = [];
    for (const erasure of changed) {
      const { erasureId } = erasure;
      results.push(moved.has(erasureId) ? erasure : await this.move(erasureId, from, change));
    }
    return results;
  }

  /**
   * States only go forward: whoever loses the race takes what stands, and tries again where it may. No step is made where `change` gives
   * null.
   */
  async move(
    erasureId: string,
    from: readonly ErasureState[],
    change: (current: Erasure) => Partial<Erasure> | null,
  ): Promise<Erasure> {
    let current = await this.standing(erasureId);
    for (let tries = 0; tries < mostTries; tries++) {
      if (!from.includes(current.state)) return current;
      const made = change(current);
      if (made === null) return current;
      const changed = this.#step(current, () => made);
      if (await this.parts.store.advance(changed)) return changed;
      current = await this.standing(erasureId);
    }
    return current;
  }

  #step(current: Erasure, change: Change): Erasure {
    const updatedAt = Math.floor(this.parts.clock.now());
    return { ...current, ...change(current), revision: current.revision + 1, updatedAt };
  }

  /** Rejects with ERASURE_MISSING. */
  async standing(erasureId: string): Promise<Erasure> {
    const erasure = await this.parts.store.get(erasureId);
    if (erasure) return erasure;
    throw new PrivacyError(
      'ERASURE_MISSING',
      `There is no erasure ${erasureId} in the ledger. Check the id; of one that was there, check the database.`,
    );
  }
}
