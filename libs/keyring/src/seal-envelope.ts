import type { EnvelopeEngine } from './crypto/envelope-engine.js';
import { MAX_PLAINTEXT_BYTES } from './envelope.js';
import { KeyringError } from './errors.js';
import type { KeyLease } from './key-lease.js';
import { endOf } from './key-policy.js';
import type { PurposeTag } from './key-scope.js';
import { assertWanted } from './key-supply.js';
import type { Binding, UserRef } from './keyring.js';
import type { LogTime } from './log-time.js';
import { isAtHand } from './user-key.js';
import { partitionOfUser } from './user-ref.js';
import type { UserTable } from './user-table.js';

export interface SealingParts {
  readonly engine: EnvelopeEngine;
  readonly table: Pick<UserTable, 'get'>;
  readonly partitionCount: number;
  readonly lease: Pick<KeyLease, 'assertHeld'>;
  readonly time: Pick<LogTime, 'now'>;
  /** Throws `KEYRING_CLOSED`: asked only where no key is found, since none is once the keyring is closed. */
  readonly assertOpen: () => void;
}

/**
 * Encrypts under the user's current key for the purpose. Throws `USER_FORGOTTEN`, `PURPOSE_WITHDRAWN`, `KEY_MISSING`, `PLAINTEXT_TOO_LARGE`
 * or what the lease throws.
 */
export function sealEnvelope(
  { engine, table, partitionCount, lease, time, assertOpen }: SealingParts,
  userRef: UserRef,
  purpose: PurposeTag,
  binding: Binding,
  plaintext: Uint8Array,
): Uint8Array {
  const entry = table.get(userRef);
  const key = entry?.current(purpose);
  if (!key || (key.lifetimeSeconds !== 0 && time.now() >= endOf(key))) {
    assertOpen();
    assertWanted(entry, purpose);
    throw missing();
  }
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new KeyringError(
      'PLAINTEXT_TOO_LARGE',
      `A value of ${plaintext.length} bytes is too large to encrypt: at most ${MAX_PLAINTEXT_BYTES}.`,
    );
  }
  lease.assertHeld(partitionOfUser(userRef, partitionCount));
  if (!isAtHand(key)) throw missing();
  key.uses++;
  return engine.seal(key, binding, plaintext);
}

function missing(): KeyringError {
  return new KeyringError(
    'KEY_MISSING',
    'The user has no key for this that was read back and is in memory: await ensureKeys right before sealing.',
  );
}
