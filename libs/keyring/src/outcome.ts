/** Why a value cannot be read at this moment; trying again later may succeed. */
export type UnavailableReason = 'key-not-seen' | 'store-behind' | 'master-key-unavailable' | 'closed';

/** Why an envelope is refused for good: somebody changed, moved or forged it. Alarm. */
export type InvalidReason =
  'malformed' | 'unknown-version' | 'header-mac' | 'key-unknown' | 'ciphertext' | 'fence-mac' | 'key-record';

/**
 * What opening an envelope led to: three different things that must never be confused (docs: libs/keyring/SPEC.md).
 * `erased` is normal, `unavailable` is retriable, `invalid` is an alarm.
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
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason }
  | { readonly outcome: 'invalid'; readonly reason: InvalidReason };
