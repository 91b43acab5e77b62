import { KeyringError, type KeyringErrorCode } from '../errors.js';

/** For `assert.throws` and `assert.rejects`: a `KeyringError` of this code, whose message matches. */
export const failsWith =
  (code: KeyringErrorCode, message = /(?:)/) =>
  (error: unknown): boolean =>
    error instanceof KeyringError && error.code === code && message.test(error.message);
