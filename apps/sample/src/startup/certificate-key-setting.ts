import { resolve } from 'node:path';
import { KeyringError, parseSigningKeyPlace, type SigningKeyPlace } from '@oubliette/keyring';
import { SampleError } from '../errors.js';
import { absoluteToken } from './master-keys-setting.js';

/** The place that OUBLIETTE_CERTIFICATE_KEY names, its files made absolute from `directory` on. Throws `SETTING_INVALID`. */
export function certificateKeyOf(text: string, directory: string): SigningKeyPlace {
  const place = parsed(text);
  if (place.kind === 'file') return { kind: 'file', path: resolve(directory, place.path) };
  return absoluteToken(place, directory);
}

function parsed(text: string): SigningKeyPlace {
  try {
    return parseSigningKeyPlace(text);
  } catch (cause) {
    if (!(cause instanceof KeyringError)) throw cause;
    // The keyring's message does not repeat the text, which may hold a secret.
    throw new SampleError('SETTING_INVALID', `OUBLIETTE_CERTIFICATE_KEY is not valid: ${cause.message}`, {
      cause,
    });
  }
}
