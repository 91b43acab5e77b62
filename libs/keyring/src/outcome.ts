/**
 * Why a value cannot be read at this moment; trying again later may succeed. `end-unconfirmed`: by the wall clock the key's time is over,
 * and the log has not said so yet.
 */
export type UnavailableReason =
  'key-not-seen' | 'end-unconfirmed' | 'store-behind' | 'master-key-unavailable' | 'closed';

/** True when `Keyring.catchUp` may bring the answer: open it again after that, as caught up. */
export function isForCatchUp(reason: UnavailableReason): boolean {
  return reason === 'key-not-seen' || reason === 'end-unconfirmed';
}

/** Why an envelope is refused for good: somebody changed, moved or forged it. Alarm. */
export type InvalidReason =
  'malformed' | 'unknown-version' | 'header-mac' | 'key-unknown' | 'ciphertext' | 'fence-mac' | 'key-record';

/**
 * What opening an envelope led to: different things that must never be confused (docs: libs/keyring/SPEC.md). `erased` is normal,
 * `restricted` too: the value is kept and not to be processed until that is lifted (Art. 18 GDPR). `unavailable` is retriable, `invalid`
 * an alarm.
 */
export type Outcome<T> =
  | { readonly outcome: 'value'; readonly value: T }
  | {
      readonly outcome: 'erased';
      /** The user was forgotten, the purpose withdrawn, or the key's time is over. */
      readonly why: 'forgotten' | 'withdrawn' | 'ended';
      readonly lifecycle: number;
      /** ms since the Unix epoch. */
      readonly erasedAt: number;
    }
  | {
      readonly outcome: 'restricted';
      readonly lifecycle: number;
      /** ms since the Unix epoch. */
      readonly since: number;
    }
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason }
  | { readonly outcome: 'invalid'; readonly reason: InvalidReason };
