import assert from 'node:assert/strict';
import { KeyringError, type Keyring, type StoredKeyLogRecord, type UserRef } from '../../src/index.js';
import { binding, secret } from '../process.js';
import { kidOf, type Actor } from './actor.js';
import { factsOf, hasReturned, isEnded, scopeAt, standing } from './log-facts.js';

const ENVELOPE_SCOPE_AT = 2;

export interface Rules {
  /** The whole log, before anything was compacted away. */
  readonly records: readonly StoredKeyLogRecord[];
  /** Envelopes of all processes. */
  readonly sealed: readonly Uint8Array[];
  /** Somebody's write failed: it may have told that it could not bury. */
  readonly mayFailToBury: boolean;
}

/** When everybody buried, no key record of an ended scope stands; after a turn, none of the old epoch. */
export function judgeLog(records: readonly StoredKeyLogRecord[], isTurned: boolean): void {
  const facts = factsOf(records);
  const left = standing(facts);
  assert.deepEqual(
    left.filter(({ scope }) => scope && isEnded(facts, scope)),
    [],
    'a key record of an ended scope stands without a tombstone',
  );
  if (isTurned)
    assert.deepEqual(
      left.filter(({ epoch }) => epoch !== 2),
      [],
      'of the old epoch',
    );
}

/** What is ended is erased for all, what is not is readable for all, all write alike, and no alarm comes that is not due. */
export function judgeObservers(observers: readonly Actor[], { records, sealed, mayFailToBury }: Rules): void {
  const facts = factsOf(records);
  const due = new Set(hasReturned(facts) ? ['KEY_RETURNED'] : []);
  if (mayFailToBury) due.add('DEAD_RECORD_NOT_BURIED');
  for (const { keyring, alarms } of observers) {
    assert.deepEqual(
      alarms.filter((code) => !due.has(code)),
      [],
      'an alarm that is not due',
    );
    assert.deepEqual(keyring.deadRecords(), []);
    for (const envelope of sealed) {
      const { outcome } = keyring.open(binding, envelope, { caughtUp: true });
      assert.equal(outcome, isEnded(facts, scopeAt(envelope, ENVELOPE_SCOPE_AT)) ? 'erased' : 'value');
    }
  }
  for (const purpose of [undefined, 'marketing']) {
    const kids = observers.map(({ keyring, userRef }) => sealedUnder(keyring, userRef, purpose));
    assert.equal(new Set(kids).size, 1, `all encrypt under the same key: ${kids.join(' ')}`);
  }
}

/** The key that the process encrypts with, or why it does not. */
function sealedUnder(keyring: Keyring, userRef: UserRef, purpose: string | undefined): string {
  try {
    return kidOf(keyring.seal(userRef, binding, secret, purpose));
  } catch (error) {
    if (error instanceof KeyringError) return error.code;
    throw error;
  }
}
