import type { Fence, Keyring, UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { PrivacyLog, PrivacyLogKind } from '../log/privacy-log.js';

export interface ConsentsParts {
  readonly keyring: Pick<Keyring, 'catchUp' | 'grant' | 'isWithdrawn' | 'state' | 'withdraw'>;
  readonly log: PrivacyLog;
  readonly clock: Clock;
}

/**
 * Purposes that users withdraw and grant anew (Art. 7(3) GDPR), each act in the privacy log before it is done: what fails behind the entry was
 * ordered and not done, what is not in the log was not done. The key topic says what holds.
 */
export class Consents {
  constructor(private readonly parts: ConsentsParts) {}

  /** Again, and for a forgotten user: the fence that stands, and no entry. Rejects as the log and the keyring's `withdraw` do. */
  async withdraw(userRef: UserRef, purpose: string): Promise<Fence> {
    const { keyring } = this.parts;
    const isWithdrawn = await this.#isWithdrawn(userRef, purpose);
    if (!isWithdrawn && keyring.state(userRef) !== 'forgotten')
      await this.#note('purpose-withdrawn', userRef, purpose);
    return keyring.withdraw(userRef, purpose);
  }

  /** Where nothing is withdrawn: no entry. Rejects as the log and the keyring's `grant` do. */
  async grant(userRef: UserRef, purpose: string): Promise<void> {
    if (await this.#isWithdrawn(userRef, purpose)) await this.#note('purpose-granted', userRef, purpose);
    await this.parts.keyring.grant(userRef, purpose);
  }

  async #isWithdrawn(userRef: UserRef, purpose: string): Promise<boolean> {
    const { keyring } = this.parts;
    await keyring.catchUp([userRef]);
    return keyring.isWithdrawn(userRef, purpose);
  }

  /** A purpose is named in code: its name says nothing of the user that the act does not. */
  async #note(kind: PrivacyLogKind, userRef: UserRef, purpose: string): Promise<void> {
    const { log, clock } = this.parts;
    const reason = `purpose (${purpose})`;
    await log.append({ at: Math.floor(clock.now()), kind, userRef, reason, erasureId: null });
  }
}
