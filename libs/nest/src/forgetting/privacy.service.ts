import { Inject, Injectable } from '@nestjs/common';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';

/** When a purpose ended for a user. */
export interface Withdrawal {
  /** ms since the Unix epoch. */
  readonly withdrawnAt: number;
}

/** Consents: purposes that a user withdraws and grants, each with keys of its own (`@Personal({ purpose })`). */
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
}
