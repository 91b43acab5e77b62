import type { Clock } from '@oubliette/runtime';
import type { Sodium } from './crypto/sodium.js';
import { forgottenError, KeyringError } from './errors.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { Restriction, UserRef } from './keyring.js';
import { restrictionName } from './record-keys.js';
import { encodeRestriction, restrictionOf, type RestrictionStatement } from './restriction-record.js';
import type { Subkeys } from './subkeys.js';
import type { UserEntry } from './user-entry.js';
import { partitionOfUser } from './user-ref.js';
import type { UserTable } from './user-table.js';

export interface RestrictorParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly clock: Clock;
  readonly writer: KeyLogWriter;
  readonly table: UserTable;
  /** Rejects with `MASTER_KEY_UNAVAILABLE` while this process may lack the wrapping key of a record that stands. */
  readonly assertReadable: () => Promise<void>;
}

/** Others may say something about the same user at the same time: so often it is said again. */
const MOST_TRIES = 5;

/** Writes that a user's data is restricted, or is no more, and reads it back (SPEC.md, section 9). */
export class Restrictor {
  readonly #parts: RestrictorParts;

  constructor(parts: RestrictorParts) {
    this.#parts = parts;
  }

  /** Resolves to the restriction that stands. Rejects with `USER_FORGOTTEN` or `KEYRING_UNAVAILABLE`. */
  async restrict(userRef: UserRef): Promise<Restriction> {
    const restriction = restrictionOf(userRef, await this.#say(userRef, true));
    if (restriction !== null) return restriction;
    throw new RangeError('a user was restricted, and nothing says so');
  }

  /** Rejects as `restrict`. */
  async lift(userRef: UserRef): Promise<void> {
    await this.#say(userRef, false);
  }

  /** Resolves to what stands of the user's lifecycle when it says so; null where nothing was ever said, which lifting leaves so. */
  async #say(userRef: UserRef, isRestricted: boolean): Promise<RestrictionStatement | null> {
    const { writer, table, clock } = this.#parts;
    const partition = partitionOfUser(userRef, writer.partitionCount);
    let said: RestrictionStatement | null = null;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await writer.catchUp(partition);
      const entry = table.get(userRef);
      if (entry?.state === 'forgotten') {
        if (said !== null) await this.#takeBack(partition, userRef, said);
        await this.#refuse(entry);
      }
      const standing = entry?.restriction ?? null;
      if ((standing?.isRestricted ?? false) === isRestricted) return standing;
      // The later one counts: never before the one that it takes the place of, whatever the clocks say.
      const at = Math.max(clock.now(), (standing?.at ?? 0) + 1);
      said = { lifecycle: entry?.lifecycle ?? 1, isRestricted, at };
      await this.#write(partition, userRef, said);
    }
    throw new KeyringError(
      'KEYRING_UNAVAILABLE',
      'Others restrict this user and lift it at the same time, again and again: try again when that is over.',
    );
  }

  async #write(partition: number, userRef: UserRef, statement: RestrictionStatement): Promise<void> {
    const { writer, sodium, subkeys } = this.#parts;
    const key = restrictionName(userRef, statement.lifecycle);
    const value = encodeRestriction(sodium, subkeys.fence, userRef, statement);
    await writer.appendAndRead(partition, [{ key, value }]);
  }

  /** The user was forgotten meanwhile, by somebody who did not see it yet. */
  async #takeBack(partition: number, userRef: UserRef, said: RestrictionStatement): Promise<void> {
    const key = restrictionName(userRef, said.lifecycle);
    await this.#parts.writer.appendAndRead(partition, [{ key, value: null }]);
  }

  async #refuse(entry: UserEntry): Promise<never> {
    // What cannot be read may be of a later lifecycle than the one that was forgotten.
    if (entry.hasUnreadable) await this.#parts.assertReadable();
    throw forgottenError();
  }
}
