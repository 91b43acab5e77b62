import { KeyringError } from '../errors.js';

/** The messages that all drivers share. */

export function keysClosed(): KeyringError {
  return new KeyringError('KEYRING_CLOSED', 'The master keys were closed and wiped: open them again.');
}

export function masterKeyMismatch(
  fingerprint: string,
  place: string,
  known: readonly string[],
): KeyringError {
  return new KeyringError(
    'MASTER_KEY_MISMATCH',
    `The key topic was made under the master key with fingerprint ${fingerprint}, but ${place} holds ${known.join(', ')}: give the deployment its own master keys, or these keys their own key topic. If that key was destroyed, what it wrapped is gone.`,
  );
}

export function masterKeyInUse(epoch: number, current: number, place: string): KeyringError {
  return new KeyringError(
    'MASTER_KEY_IN_USE',
    `Epoch ${epoch} cannot be destroyed: the current one in ${place} is ${current}, and a deployment would be lost with it. Advance the epoch first.`,
  );
}

export function secretTooLarge(bytes: number): KeyringError {
  return new KeyringError(
    'PLAINTEXT_TOO_LARGE',
    `A secret of ${bytes} bytes is too large for a master key to wrap: at most 4096.`,
  );
}

/** Nobody answered in time, or somebody said "later". `what` says which, without any secret. */
export function masterKeyUnavailable(place: string, what: string, cause?: unknown): KeyringError {
  return new KeyringError(
    'MASTER_KEY_UNAVAILABLE',
    `${capital(place)} cannot be asked for the master key: ${what}. It is tried again; look after the service.`,
    cause === undefined ? undefined : { cause },
  );
}

/** Somebody answered no. `what` says why and what to do. */
export function masterKeyRefused(place: string, what: string): KeyringError {
  return new KeyringError('MASTER_KEY_REFUSED', `${capital(place)} refuses the master key: ${what}.`);
}

/** The settings themselves do not fit together. */
export function masterKeySettingInvalid(what: string): KeyringError {
  return new KeyringError('MASTER_KEY_SETTING_INVALID', what);
}

/** As a sentence begins. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
