import type { PlaceErrors } from '../master-keys/place-parameters.js';
import { readTransitPlace } from '../master-keys/transit/transit-place.js';
import type { TransitSettings } from '../master-keys/transit/transit-settings.js';
import { signingKeyErrors } from './signing-key-errors.js';

/** Where a key that signs is, as one line of configuration says it. */
export type SigningKeyPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'transit'; readonly settings: TransitSettings };

const { settingInvalid } = signingKeyErrors;
const errors: PlaceErrors = { what: 'The place of the signing key', settingInvalid };
const forms = 'a path, file:PATH or transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH';

/**
 * Reads, as `parseMasterKeyPlace` does, one of
 * - `file:PATH`, or a path alone
 * - `transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH` (or `token-variable=NAME`; `namespace=…`, `allow-plain-http=true`)
 *
 * Throws `SIGNING_KEY_SETTING_INVALID`, which does not repeat the text.
 */
export function parseSigningKeyPlace(text: string): SigningKeyPlace {
  const [, scheme = 'file', rest = ''] = /^(?:(file|env|transit|kms):)?(.*)$/s.exec(text.trim()) ?? [];
  if (rest === '') throw settingInvalid(`${errors.what} is empty: give ${forms}.`);
  // A key in the place of its place would be shown in messages as a file's path.
  if (rest.includes('-----BEGIN'))
    throw settingInvalid(`This is a key itself, not its place: put it into a file, and give ${forms}.`);
  if (scheme === 'transit') return { kind: 'transit', settings: readTransitPlace(rest, errors) };
  if (scheme === 'file') return { kind: 'file', path: rest };
  throw settingInvalid(
    `No key signs in ${scheme}: give ${forms}. AWS KMS signs 4,096 bytes at most, and a certificate may have more.`,
  );
}
