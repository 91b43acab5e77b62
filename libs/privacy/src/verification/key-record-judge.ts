import { createHash } from 'node:crypto';
import {
  isRetirement,
  parseRecordKey,
  readKeyRecordClaim,
  RETIREMENT_BYTES,
  type UserRef,
} from '@oubliette/keyring';

/** A user whose keys up to a lifecycle are forgotten. */
export interface ForgottenUser {
  readonly userRef: UserRef;
  readonly lifecycle: number;
}

/** What a record says of a user who was asked about. */
export interface JudgedRecord {
  /** Which of the users asked about. */
  readonly user: number;
  readonly kid: string;
  /** `key`: key material stands. `tombstone`: its record, without any. `later`: the key of a lifecycle that began afterwards. */
  readonly verdict: 'key' | 'tombstone' | 'later';
  /** As the record claims; null where it holds none, or one that this version cannot read. */
  readonly lifecycle: number | null;
}

const hash = 0x23;
const hashAt = 32;
const nameBytes = 49;

/** Knows the records of forgotten users' keys, of many users at once. */
export class KeyRecordJudge {
  readonly #users = new Map<string, { readonly user: number; readonly lifecycle: number }[]>();

  constructor(users: readonly ForgottenUser[]) {
    for (const [user, { userRef, lifecycle }] of users.entries()) {
      const same = this.#users.get(userRef);
      if (same === undefined) this.#users.set(userRef, [{ user, lifecycle }]);
      else same.push({ user, lifecycle });
    }
  }

  /**
   * Nothing for any other record. In the key topic whatever stands in the place of a key counts as one, unless it says to be of a later
   * lifecycle; elsewhere only what is a key record does.
   */
  judge(key: Uint8Array | null, value: Uint8Array | null, isKeyTopic: boolean): readonly JudgedRecord[] {
    if (key?.length !== nameBytes || key[hashAt] !== hash) return [];
    const name = parseRecordKey(key);
    if (name?.kind !== 'user-key') return [];
    const { kid } = name;
    const asked = this.#users.get(name.userRef) ?? [];
    if (asked.length === 0) return [];
    // What claims to be a retirement and is larger may have a key in it.
    if (value === null || (isRetirement(value) && value.length <= RETIREMENT_BYTES))
      return asked.map(({ user }) => ({ user, kid, verdict: 'tombstone', lifecycle: null }));
    const claim = readKeyRecordClaim(value);
    const lifecycle = claim === null || claim === 'unknown-version' ? null : claim.lifecycle;
    if (lifecycle === null && !isKeyTopic) return [];
    return asked.map(({ user, lifecycle: upTo }) => ({
      user,
      kid,
      verdict: lifecycle !== null && lifecycle > upTo ? 'later' : 'key',
      lifecycle,
    }));
  }
}

/** Names a key's id to whoever knows the id: SHA-256 of `oubliette/v1/kid` and its 16 hex digits, the first 32 hex digits of it. */
export function kidFingerprint(kid: string): string {
  return createHash('sha256').update(`oubliette/v1/kid${kid}`).digest('hex').slice(0, 32);
}
