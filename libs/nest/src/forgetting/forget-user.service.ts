import { Inject, Injectable } from '@nestjs/common';
import type { Erasure } from '@oubliette/privacy';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';

/** Forgetting a user, and how far it has got. */
@Injectable()
export class ForgetUserService {
  constructor(@Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine) {}

  /**
   * Resolves when the user is *forgotten*: the fence is durable and nobody decrypts any more. Their bytes leave the log
   * afterwards (*erased*). Again for the same user: the same erasure. Rejects with `USER_UNKNOWN`, `USER_ID_INVALID`.
   */
  forgetUser(userId: string): Promise<Erasure> {
    return this.engine.forgetting.request(userId);
  }

  /** The ledger, newest first: at most `limit` erasures, those that stand after `before`, else from the newest on. */
  listErasures(limit: number, before?: Erasure): Promise<readonly Erasure[]> {
    return this.engine.forgetting.list(limit, before);
  }

  /** null: there is no such erasure. */
  findErasure(erasureId: string): Promise<Erasure | null> {
    return this.engine.forgetting.find(erasureId);
  }
}
