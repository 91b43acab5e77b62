import { Inject, Injectable } from '@nestjs/common';
import { PrivacyError } from '@oubliette/privacy';
import type { DeadlineAlert, Erasure, Hold, LedgerCheck } from '@oubliette/privacy';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { ErasureStanding, OublietteEngine } from '../engine/engine.js';
import { codeOf } from '../errors.js';

/** What stands about a user. */
export interface UserStatus {
  /** As the key topic says: `forgotten` once the fence stands. */
  readonly state: 'active' | 'forgotten';
  /** False: the brokers are away, and this is what ledger and privacy log say. */
  readonly isConfirmed: boolean;
  /** ms since the Unix epoch; null: the user's data may be processed. */
  readonly restrictedSince: number | null;
  /** As the privacy log has it; null: not restricted, or the log does not say so. */
  readonly restrictionReason: string | null;
  /** The last request to forget; null: there was none. */
  readonly erasure: Erasure | null;
  /** The legal hold that stands; null: none. */
  readonly hold: Hold | null;
}

/** Forgetting a user, and how far it has got. */
@Injectable()
export class ForgetUserService {
  constructor(@Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine) {}

  /**
   * Resolves when the user is *forgotten* (or, under a legal hold, *held*): the fence is durable and nobody decrypts any more. Their bytes leave the log
   * afterwards (*erased*). Again for the same user: the same erasure. Rejects with `USER_UNKNOWN`, `USER_ID_INVALID`.
   */
  forgetUser(userId: string): Promise<Erasure> {
    return this.engine.forgetting.request(userId);
  }

  /**
   * Forgets many users in one go; resolves when all are *forgotten*, to their erasures in the order asked, null for somebody who never
   * had a key. Rejects with `USER_ID_INVALID` before anything is done, or the retriable `KEYRING_UNAVAILABLE`: then ask again for all.
   */
  forgetUsers(userIds: readonly string[]): Promise<readonly (Erasure | null)[]> {
    return this.engine.forgetting.requestMany(userIds);
  }

  /**
   * Places a legal hold (Art. 17(3) GDPR): a request to forget the user waits, *held*, until it is lifted. The reason stays in the privacy
   * log for good: a code, naming nobody. Rejects with `USER_UNKNOWN`, `USER_FORGOTTEN`, `REASON_INVALID`.
   */
  hold(userId: string, reason: string): Promise<Hold> {
    return this.engine.forgetting.hold(userId, reason);
  }

  /** Lifts it; resolves when a user whose request waited for that is forgotten. False where none stood. Rejects as `hold`. */
  liftHold(userId: string, reason: string): Promise<boolean> {
    return this.engine.forgetting.liftHold(userId, reason);
  }

  /** The longer deadline of the policy, once (Art. 12(3) GDPR: tell the user why). Rejects with `DEADLINE_NOT_EXTENDABLE`, `REASON_INVALID`. */
  extend(erasureId: string, reason: string): Promise<Erasure> {
    return this.engine.forgetting.extend(erasureId, reason);
  }

  /** How an erasure stands to its deadline. */
  async standingOf(erasure: Erasure): Promise<ErasureStanding> {
    const [standing] = await this.standingsOf([erasure]);
    if (standing !== undefined) return standing;
    throw new TypeError('one erasure has one standing');
  }

  /** How each of them does, in the order given; the store is asked once. */
  standingsOf(erasures: readonly Erasure[]): Promise<readonly ErasureStanding[]> {
    return this.engine.forgetting.standings(erasures);
  }

  /** Hears of each erasure that comes into danger of its deadline, and that is overdue. Returns the unsubscribe. */
  onDeadline(listener: (alert: DeadlineAlert) => void): () => void {
    return this.engine.forgetting.onDeadline(listener);
  }

  /**
   * Compares the ledger with the key topic and forgets again whoever came back with a restored copy of it. Done at every start; call it
   * after restoring under a running application.
   */
  checkLedger(): Promise<LedgerCheck> {
    return this.engine.forgetting.checkLedger();
  }

  /**
   * Asks the key topic, so that an answer is never older than the question; while it cannot be asked, the ledger answers for whoever is
   * forgotten or held by it (`isConfirmed` is false then). Rejects with `USER_UNKNOWN` for somebody who never had a key,
   * `USER_ID_INVALID`, and the retriable `KEYRING_UNAVAILABLE`.
   */
  async statusOf(userId: string): Promise<UserStatus> {
    const { keyring, forgetting } = this.engine;
    const userRef = keyring.userRef(userId);
    try {
      await keyring.catchUp([userRef]);
    } catch (error) {
      const known = codeOf(error) === 'KEYRING_UNAVAILABLE' ? await this.#byLedger(userId) : null;
      if (known === null) throw error;
      return known;
    }
    const state = keyring.state(userRef);
    if (state === 'unknown')
      throw new PrivacyError(
        'USER_UNKNOWN',
        'This user never had a key, so nothing is stored. Check the id.',
      );
    return {
      state,
      isConfirmed: true,
      ...(await this.#restrictionOf(userId)),
      erasure: await forgetting.findByUser(userId),
      hold: await forgetting.holdOf(userId),
    };
  }

  /** null: the ledger alone does not say how this user stands. */
  async #byLedger(userId: string): Promise<UserStatus | null> {
    const { keyring, forgetting } = this.engine;
    const userRef = keyring.userRef(userId);
    const [erasure, hold] = [await forgetting.findByUser(userId), await forgetting.holdOf(userId)];
    // What this process has read says whether the user began anew since.
    const isActive = keyring.state(userRef) === 'active';
    if (erasure?.state === 'held' && isActive)
      return { state: 'active', isConfirmed: false, ...(await this.#restrictionOf(userId)), erasure, hold };
    const isForgotten = erasure?.state === 'forgotten' || erasure?.state === 'erased';
    const beganAnew = isActive && (keyring.fence(userRef)?.lifecycle ?? 0) >= (erasure?.lifecycle ?? 0);
    if (!isForgotten || beganAnew || hold !== null) return null;
    const unrestricted = { restrictedSince: null, restrictionReason: null };
    return { state: 'forgotten', isConfirmed: false, ...unrestricted, erasure, hold };
  }

  /** As far as this process has read. */
  async #restrictionOf(userId: string): Promise<Pick<UserStatus, 'restrictedSince' | 'restrictionReason'>> {
    const { keyring, restrictions } = this.engine;
    const since = keyring.restriction(keyring.userRef(userId))?.since ?? null;
    return {
      restrictedSince: since,
      restrictionReason: since === null ? null : await restrictions.reasonOf(userId),
    };
  }

  /** The ledger, newest first: at most `limit` erasures, those that stand after `before`, else from the newest on. */
  listErasures(limit: number, before?: Erasure): Promise<readonly Erasure[]> {
    return this.engine.forgetting.list(limit, before);
  }

  /**
   * What is to be done: at most `limit` erasures that are not *erased*, overdue ones first, then endangered ones, then by deadline. With
   * `withinMs` those in time only where their deadline is at most so far away.
   */
  dueErasures(limit: number, withinMs?: number): Promise<readonly Erasure[]> {
    return this.engine.forgetting.due(limit, withinMs);
  }

  /** null: there is no such erasure. */
  findErasure(erasureId: string): Promise<Erasure | null> {
    return this.engine.forgetting.find(erasureId);
  }
}
