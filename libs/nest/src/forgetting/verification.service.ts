import { Inject, Injectable } from '@nestjs/common';
import type { ErasureCheck, VerificationScope } from '@oubliette/privacy';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';

/** Checks erasures by reading the key topic anew: over the network, and in the log directories that this process can read. */
@Injectable()
export class VerificationService {
  constructor(@Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine) {}

  /**
   * What stands now of the keys of an erasure's user and lifecycle; null: there is no such erasure. Rejects with `LOG_DIR_INVALID`, and the
   * retriable `VERIFICATION_BUSY`, `VERIFICATION_CLOSED` and `KEY_TOPIC_UNAVAILABLE`.
   */
  async verify(erasureId: string, scope: VerificationScope = {}): Promise<ErasureCheck | null> {
    const erasure = await this.engine.forgetting.find(erasureId);
    return erasure === null ? null : this.engine.verifier.verify(erasure, scope);
  }
}
