import { KeyringError } from '../errors.js';
import { capital } from '../master-keys/master-key-errors.js';
import type { ServiceErrors } from '../master-keys/service-errors.js';

export const signingKeyErrors: ServiceErrors = {
  service: 'the service of the signing key',
  page: 'docs/certificate.md',
  unavailable: (place, what) =>
    new KeyringError(
      'SIGNING_KEY_UNAVAILABLE',
      `${capital(place)} cannot be asked for a signature: ${what}. Ask again, and look after the service.`,
    ),
  refused: (place, what) =>
    new KeyringError('SIGNING_KEY_REFUSED', `${capital(place)} does not sign: ${what}.`),
  settingInvalid: (what) => new KeyringError('SIGNING_KEY_SETTING_INVALID', what),
};

export function signingKeyClosed(): KeyringError {
  return new KeyringError('KEYRING_CLOSED', 'The signing key was closed: open it again.');
}
