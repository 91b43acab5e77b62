import type { Binding, Keyring, Outcome, UserRef } from '@oubliette/keyring';
import { codeOf } from './errors.js';
import type { Serde } from './serdes.js';

/** Encrypts single values of one user outside of an event, e.g. a column of a read model. */
export interface FieldCipher<T> {
  /** `keyring.ensureKeys` must have resolved for the user and the purpose. Throws `VALUE_INVALID` and what `Keyring.seal` throws. */
  seal(userRef: UserRef, binding: Binding, value: T): Uint8Array;
  /** A plaintext that is no value of the serde is `invalid: malformed`. */
  open(binding: Binding, envelope: Uint8Array, options?: { readonly caughtUp?: boolean }): Outcome<T>;
}

/** Values that are kept for one `purpose` end with it; without one they end with the user only. */
export function createFieldCipher<T>(keyring: Keyring, serde: Serde<T>, purpose?: string): FieldCipher<T> {
  return {
    seal: (userRef, binding, value) => keyring.seal(userRef, binding, serde.serialize(value), purpose),
    open(binding, envelope, options) {
      const opened = keyring.open(binding, envelope, options);
      if (opened.outcome !== 'value') return opened;
      try {
        return { outcome: 'value', value: serde.deserialize(opened.value) };
      } catch (error) {
        if (codeOf(error) === 'VALUE_INVALID') {
          return { outcome: 'invalid', reason: 'malformed' };
        }
        throw error;
      }
    },
  };
}
