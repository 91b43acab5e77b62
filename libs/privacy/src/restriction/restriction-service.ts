import { KeyringError, type Keyring, type Restriction, type UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import { checkReason, type PrivacyLog, type PrivacyLogKind } from '../log/privacy-log.js';

export interface RestrictionOptions {
  readonly keyring: Keyring;
  readonly log: PrivacyLog;
  readonly clock: Clock;
}

const entriesTogether = 100;

/**
 * Restriction of processing (Art. 18 GDPR), each act in the privacy log before it is done: what fails behind the entry was ordered and not
 * done, what is not in the log was not done. It is the key topic that says who is restricted.
 */
export class RestrictionService {
  constructor(private readonly options: RestrictionOptions) {}

  /**
   * Resolves when nothing of the user opens here any more; other processes hear it from the key topic, within their lease at the latest.
   * Again: the same, and no entry. Rejects with `USER_UNKNOWN`, `USER_ID_INVALID`, `USER_FORGOTTEN`, `REASON_INVALID`, and the retriable
   * `KEYRING_UNAVAILABLE`.
   */
  async restrict(userId: string, reason: string): Promise<Restriction> {
    const { keyring } = this.options;
    const userRef = await this.#knownRef(userId, reason);
    const standing = keyring.restriction(userRef);
    if (standing !== null) return standing;
    await this.#note('restricted', userRef, reason);
    return keyring.restrict(userRef);
  }

  /** Resolves when the user's data opens again here. For one who is not restricted: nothing, and no entry. Rejects as `restrict`. */
  async lift(userId: string, reason: string): Promise<void> {
    const { keyring } = this.options;
    const userRef = await this.#knownRef(userId, reason);
    if (keyring.restriction(userRef) === null) return;
    await this.#note('restriction-lifted', userRef, reason);
    await keyring.liftRestriction(userRef);
  }

  /** Since when the user is restricted; null when not. Asks the key topic. Rejects as `restrict`, but for `REASON_INVALID`. */
  async of(userId: string): Promise<Restriction | null> {
    return this.options.keyring.restriction(await this.#knownRef(userId));
  }

  /** Why the user is restricted, by the privacy log; null where it does not say so. Rejects with `USER_ID_INVALID`, and as the log does. */
  async reasonOf(userId: string): Promise<string | null> {
    const { keyring, log } = this.options;
    const userRef = keyring.userRef(userId);
    // Between a restriction and today stands an entry for each reading under a permit.
    for (let before: number | undefined; ;) {
      const entries = await log.ofUser(userRef, entriesTogether, before);
      const last = entries.find(({ kind }) => kind === 'restricted' || kind === 'restriction-lifted');
      if (last !== undefined) return last.kind === 'restricted' ? last.reason : null;
      if (entries.length < entriesTogether) return null;
      before = entries.at(-1)?.id;
    }
  }

  /**
   * Runs `work` with this user's data open to it although it is restricted: with consent, for legal claims, to protect another person, or
   * for an important public interest (Art. 18(2) GDPR), which `reason` says. The entry is written first; without it nothing opens. What
   * `work` starts and does not wait for sees the restriction again. Rejects as `restrict`, and with what `work` rejects with.
   */
  async withPermission<T>(userId: string, reason: string, work: () => Promise<T>): Promise<T> {
    const { keyring } = this.options;
    const userRef = await this.#knownRef(userId, reason);
    if (keyring.restriction(userRef) !== null) await this.#note('restricted-read', userRef, reason);
    return keyring.withPermit(userRef, work);
  }

  async #knownRef(userId: string, reason?: string): Promise<UserRef> {
    const { keyring } = this.options;
    const userRef = keyring.userRef(userId);
    if (reason !== undefined) checkReason(reason, userId);
    await keyring.catchUp([userRef]);
    const state = keyring.state(userRef);
    if (state === 'active') return userRef;
    if (state === 'forgotten')
      throw new KeyringError(
        'USER_FORGOTTEN',
        'The user was forgotten: there is nothing left to restrict, or to open.',
      );
    throw new PrivacyError('USER_UNKNOWN', 'This user never had a key, so nothing is stored. Check the id.');
  }

  async #note(kind: PrivacyLogKind, userRef: UserRef, reason: string): Promise<void> {
    const { log, clock } = this.options;
    await log.append({ at: Math.floor(clock.now()), kind, userRef, reason, erasureId: null });
  }
}
