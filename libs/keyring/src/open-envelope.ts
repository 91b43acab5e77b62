import type { EnvelopeEngine } from './crypto/envelope-engine.js';
import { namesKey } from './crypto/envelope-engine.js';
import { envelopeFault, envelopeScope, KID_AT, USER_REF_AT } from './envelope.js';
import { toHex } from './hex.js';
import { endOf } from './key-policy.js';
import { GENERAL_PURPOSE } from './key-scope.js';
import type { Binding, Fence } from './keyring.js';
import type { LogTime } from './log-time.js';
import type { Outcome } from './outcome.js';
import type { Permits } from './permits.js';
import type { UserEntry } from './user-entry.js';
import { isAtHand, type UserKey } from './user-key.js';
import type { UserTable } from './user-table.js';

export interface OpeningParts {
  readonly engine: EnvelopeEngine;
  readonly table: UserTable;
  /** Why nothing of this user may be read now, though the key may be at hand; null when it may. */
  readonly barred: (userRef: string) => 'store-behind' | 'master-key-unavailable' | null;
  readonly permits: Pick<Permits, 'allows'>;
  readonly time: Pick<LogTime, 'now' | 'byLog'>;
}

/** Opens an envelope in the order of SPEC.md, section 8. */
export function openEnvelope(
  { engine, table, barred, permits, time }: OpeningParts,
  binding: Binding,
  envelope: Uint8Array,
  isCaughtUp: boolean,
): Outcome<Uint8Array> {
  const fault = envelopeFault(envelope);
  if (fault) return { outcome: 'invalid', reason: fault };
  if (!engine.isHeaderAuthentic(envelope)) return { outcome: 'invalid', reason: 'header-mac' };
  const userRef = engine.headerUserRef();
  const entry = table.get(userRef);
  const key = entry && keyNamedBy(envelope, entry);
  if (!key) return absent(entry, envelope, isCaughtUp && barred(userRef) === null);
  if (key.lifetimeSeconds !== 0 && time.now() >= endOf(key)) return ended(key, time.byLog());
  const reason = barred(userRef);
  if (reason !== null) return { outcome: 'unavailable', reason };
  const { restriction } = entry;
  if (restriction?.isRestricted && !permits.allows(userRef)) {
    return { outcome: 'restricted', lifecycle: key.lifecycle, since: restriction.at };
  }
  // Seen, but its bytes had to make room: catching up loads them.
  if (!isAtHand(key)) return { outcome: 'unavailable', reason: 'key-not-seen' };
  const value = engine.open(key, binding, envelope);
  return value ? { outcome: 'value', value } : { outcome: 'invalid', reason: 'ciphertext' };
}

/** A wall clock may be set ahead: what is skipped as erased is skipped for good, so the log has the last word. */
function ended(key: UserKey, byLog: number): Outcome<never> {
  if (byLog < endOf(key)) return { outcome: 'unavailable', reason: 'end-unconfirmed' };
  return { outcome: 'erased', why: 'ended', lifecycle: key.lifecycle, erasedAt: endOf(key) };
}

function keyNamedBy(envelope: Uint8Array, { keys }: UserEntry): UserKey | undefined {
  for (const key of keys) if (namesKey(envelope, key)) return key;
  return undefined;
}

/** Three different things (design: outcomes are types): erased by a fence, not seen yet, and never there. */
function absent(entry: UserEntry | undefined, envelope: Uint8Array, isCaughtUp: boolean): Outcome<never> {
  const scope = envelopeScope(envelope);
  const fence = entry?.fenceOf(scope);
  if (fence) return erasedBy(fence, scope.lifecycle);
  const kid = toHex(envelope.subarray(KID_AT, USER_REF_AT));
  const retirement = entry?.retired?.get(kid);
  if (retirement) {
    const { lifecycle, retiredAt } = retirement;
    return { outcome: 'erased', why: 'ended', lifecycle, erasedAt: retiredAt };
  }
  const stray = entry?.strays?.get(kid);
  if (stray?.reason === 'unreadable') return { outcome: 'unavailable', reason: 'master-key-unavailable' };
  if (!isCaughtUp) return { outcome: 'unavailable', reason: 'key-not-seen' };
  if (stray) return { outcome: 'invalid', reason: 'key-record' };
  return { outcome: 'invalid', reason: entry?.forgedFence ? 'fence-mac' : 'key-unknown' };
}

function erasedBy({ purpose, erasedAt }: Fence, lifecycle: number): Outcome<never> {
  const why = purpose === GENERAL_PURPOSE ? 'forgotten' : 'withdrawn';
  return { outcome: 'erased', why, lifecycle, erasedAt };
}
