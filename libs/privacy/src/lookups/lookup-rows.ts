import type { Binding, Keyring, UserRef } from '@oubliette/keyring';
import { LookupError } from './lookup-error.js';
import { indexesByName, MAX_LOOKUP_BYTES, type LookupIndex } from './lookup-index.js';
import type { LookupRow } from './lookup-store.js';

/** What a row's envelope says. */
export type OpenedRow =
  | { readonly state: 'living'; readonly value: Uint8Array }
  /** Its user was forgotten, its purpose withdrawn, or its key's time is over. */
  | { readonly state: 'ended' }
  /** Its user is restricted: the value may be kept, and not be used. */
  | { readonly state: 'restricted' }
  /** Not now: the reason is the keyring's. */
  | { readonly state: 'unavailable'; readonly reason: string }
  /** It was changed or moved, or its user's key was lost: an alarm. */
  | { readonly state: 'refused'; readonly reason: string };

const LONE_SURROGATE = /\p{Surrogate}/u;
const encoder = new TextEncoder();

/** Makes rows of look-ups and opens them again. */
export class LookupRows {
  readonly #indexes: ReadonlyMap<string, LookupIndex>;

  /** Throws `LOOKUP_INDEX_INVALID`. */
  constructor(
    private readonly keyring: Keyring,
    indexes: readonly LookupIndex[],
  ) {
    this.#indexes = indexesByName(indexes);
  }

  /** Throws `LOOKUP_INDEX_UNKNOWN`. */
  index(name: string): LookupIndex {
    const index = this.#indexes.get(name);
    if (index !== undefined) return index;
    throw new LookupError('LOOKUP_INDEX_UNKNOWN', `No look-up ${name} is declared here.`);
  }

  /** The normalised value's UTF-8; null where nothing is left of it. Throws `LOOKUP_VALUE_INVALID`. */
  normalised(index: LookupIndex, value: string): Uint8Array | null {
    const text = index.normalise(value);
    const bytes = encoder.encode(text);
    if (bytes.length > MAX_LOOKUP_BYTES || LONE_SURROGATE.test(text))
      throw new LookupError(
        'LOOKUP_VALUE_INVALID',
        `A value for the look-up ${index.name} is not well-formed Unicode of at most ${MAX_LOOKUP_BYTES} bytes.`,
      );
    return bytes.length === 0 ? null : bytes;
  }

  /** A row under the user's current key. Throws what `Keyring.seal` throws. */
  make(index: LookupIndex, pepperId: string, userRef: UserRef, value: Uint8Array): LookupRow {
    return {
      index: index.name,
      hash: this.keyring.peppers.hash(pepperId, index.name, value),
      userRef,
      pepperId,
      sealed: this.keyring.seal(userRef, bindingOf(index.name, userRef), value, index.purpose),
    };
  }

  /** The same value under another pepper; the envelope stays as it is. */
  rehashed(row: LookupRow, pepperId: string, value: Uint8Array): LookupRow {
    return { ...row, pepperId, hash: this.keyring.peppers.hash(pepperId, row.index, value) };
  }

  /** After `keyring.catchUp` for the row's user, say so: what is absent then is no longer on its way. */
  open({ index, userRef, sealed }: LookupRow, caughtUp = false): OpenedRow {
    const opened = this.keyring.open(bindingOf(index, userRef), sealed, { caughtUp });
    switch (opened.outcome) {
      case 'value':
        return { state: 'living', value: opened.value };
      case 'erased':
        return { state: 'ended' };
      case 'restricted':
        return { state: 'restricted' };
      case 'unavailable':
        return { state: 'unavailable', reason: opened.reason };
      case 'invalid':
        return { state: 'refused', reason: opened.reason };
    }
  }
}

/** Bound to index and user, and not to the hash: that changes with the pepper. */
function bindingOf(index: string, userRef: UserRef): Binding {
  return { stream: `lookup:${index}`, type: 'lookup', eventId: userRef, path: 'value' };
}
