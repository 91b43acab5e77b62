import { Inject, Injectable } from '@nestjs/common';
import type { Restriction, UserRef } from '@oubliette/keyring';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';

/** When a purpose ended for a user. */
export interface Withdrawal {
  /** ms since the Unix epoch. */
  readonly withdrawnAt: number;
}

/**
 * Consents: purposes that a user withdraws and grants, each with keys of its own (`@Personal({ purpose })`). Restriction: data that is kept
 * and not processed for a while (Art. 18 GDPR).
 */
@Injectable()
export class PrivacyService {
  constructor(@Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine) {}

  /**
   * Ends what is kept for one purpose of a user (Art. 7(3) GDPR). Resolves when nobody decrypts it any more; everything else of the user
   * stays as it is. Again: the same. Rejects with `USER_UNKNOWN`, `USER_ID_INVALID`, `PURPOSE_INVALID`, or the retriable
   * `KEYRING_UNAVAILABLE`: ask again, it does not stand in the ledger.
   */
  async withdraw(userId: string, purpose: string): Promise<Withdrawal> {
    const { erasedAt } = await this.engine.forgetting.withdraw(userId, purpose);
    return { withdrawnAt: erasedAt };
  }

  /**
   * Lets a withdrawn purpose begin anew; what was kept for it before stays erased. Rejects with `PURPOSE_NOT_WITHDRAWN`, `USER_FORGOTTEN`,
   * and as `withdraw`.
   */
  grant(userId: string, purpose: string): Promise<void> {
    return this.engine.forgetting.grant(userId, purpose);
  }

  /**
   * Restricts processing: resolves when nothing of the user is decrypted here any more, and elsewhere once the key topic was heard, within
   * the lease at the latest. Personal fields are `Restricted` then; what is written is still encrypted and kept. Again: the same.
   * `reason` is logged: a code or a few words that name nobody. Rejects with `USER_UNKNOWN`, `USER_FORGOTTEN`, `USER_ID_INVALID`,
   * `REASON_INVALID`, or the retriable `KEYRING_UNAVAILABLE`.
   */
  restrict(userId: string, reason: string): Promise<Restriction> {
    return this.engine.restrictions.restrict(userId, reason);
  }

  /** Takes that back. For a user who is not restricted: nothing. Rejects as `restrict`. */
  liftRestriction(userId: string, reason: string): Promise<void> {
    return this.engine.restrictions.lift(userId, reason);
  }

  /**
   * Runs `work` with a restricted user's data open to it and to what it awaits: with consent, for legal claims, to protect somebody else's
   * rights, or for an important public interest (Art. 18(2) GDPR). That and the reason are logged before anything opens. Rejects as
   * `restrict`, and as `work` does.
   */
  withPermission<T>(userId: string, reason: string, work: () => Promise<T>): Promise<T> {
    return this.engine.restrictions.withPermission(userId, reason, work);
  }

  /**
   * Calls `listener` with the pseudonym of everybody who is no longer restricted, wherever it was lifted, also more than once: the moment
   * to build anew what was left out of a read model. It is not told of what was lifted while this process was away: look at the start
   * who of those left out is restricted still (`keyring.restriction`). Returns the unsubscribe.
   */
  onRestrictionLifted(listener: (userRef: UserRef) => void): () => void {
    return this.engine.keyring.onRestriction(({ userRef, isRestricted }) => {
      if (!isRestricted) listener(userRef);
    });
  }
}
