import { KeyringError, type Keyring, type UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { checkReason, type LoggedEntry, type PrivacyLog } from '../log/privacy-log.js';
import type { Hold } from '../ports.js';

export interface HoldsParts {
  readonly keyring: Pick<Keyring, 'state'>;
  readonly log: PrivacyLog;
  readonly clock: Clock;
}

/** Legal holds (Art. 17(3) GDPR): while one stands, forgetting the user waits. The privacy log has them and who lifted them. */
export class Holds {
  constructor(private readonly parts: HoldsParts) {}

  /**
   * Places a hold; again for the same reason: the one that stands. Rejects with REASON_INVALID, and with USER_FORGOTTEN where it comes too
   * late.
   */
  async place(userRef: UserRef, reason: string, userId: string): Promise<Hold> {
    checkReason(reason, userId);
    const { keyring, log, clock } = this.parts;
    const standing = (await log.heldAmong([userRef])).get(userRef);
    if (standing?.reason === reason) return holdOf(standing);
    this.#assertNotForgotten(userRef);
    const entry = await log.append({
      at: Math.floor(clock.now()),
      kind: 'held',
      userRef,
      reason,
      erasureId: null,
    });
    // Somebody may have forgotten the user meanwhile: then nothing is held, and nobody may believe it.
    if (keyring.state(userRef) === 'forgotten') await this.lift(userRef, 'came too late');
    this.#assertNotForgotten(userRef);
    return holdOf(entry);
  }

  /** False where none stood. Rejects with REASON_INVALID. */
  async lift(userRef: UserRef, reason: string, userId?: string): Promise<boolean> {
    checkReason(reason, userId);
    const { log, clock } = this.parts;
    if (!(await log.heldAmong([userRef])).has(userRef)) return false;
    const at = Math.floor(clock.now());
    await log.append({ at, kind: 'hold-lifted', userRef, reason, erasureId: null });
    return true;
  }

  /** Those of these users that are under a hold. */
  async among(userRefs: readonly UserRef[]): Promise<ReadonlyMap<UserRef, Hold>> {
    const entries = await this.parts.log.heldAmong(userRefs);
    return new Map([...entries].map(([userRef, entry]) => [userRef, holdOf(entry)]));
  }

  #assertNotForgotten(userRef: UserRef): void {
    if (this.parts.keyring.state(userRef) === 'forgotten')
      throw new KeyringError('USER_FORGOTTEN', 'This user is forgotten already: there is nothing to hold.');
  }
}

function holdOf({ at, reason }: LoggedEntry): Hold {
  return { at, reason, liftedAt: null };
}
