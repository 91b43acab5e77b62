import { isAbsolute, relative, resolve } from 'node:path';
import {
  KeyringError,
  parseMasterKeyPlace,
  type MasterKeyPlace,
  type SigningKeyPlace,
} from '@oubliette/keyring';
import { SampleError } from '../errors.js';

type TransitPlace = Extract<MasterKeyPlace, { kind: 'transit' }>;

/** The place that OUBLIETTE_MASTER_KEYS names, its files made absolute from `directory` on. Throws `SETTING_INVALID`. */
export function masterKeysOf(text: string, directory: string): MasterKeyPlace {
  const place = parsed(text);
  if (place.kind === 'file') return { kind: 'file', path: resolve(directory, place.path) };
  return place.kind === 'transit' ? absoluteToken(place, directory) : place;
}

/** A Transit place, the file of its token made absolute from `directory` on. */
export function absoluteToken(place: TransitPlace, directory: string): TransitPlace {
  const { token } = place.settings;
  if (!('file' in token)) return place;
  const settings = { ...place.settings, token: { file: resolve(directory, token.file) } };
  return { kind: 'transit', settings };
}

/** The files that the place of a key needs: the key, or the token that a key service is asked with. */
export function filesOf(place: MasterKeyPlace | SigningKeyPlace): readonly string[] {
  if (place.kind === 'file') return [place.path];
  return place.kind === 'transit' && 'file' in place.settings.token ? [place.settings.token.file] : [];
}

/**
 * A copy of the data must not be a copy of its keys: what is forgotten would come back with an old backup. Throws
 * `MASTER_KEYS_IN_DATA_DIR`.
 */
export function refuseKeysAmongData(dataDir: string, file: string): void {
  const inside = relative(dataDir, file);
  if (inside.startsWith('..') || isAbsolute(inside)) return;
  throw new SampleError(
    'MASTER_KEYS_IN_DATA_DIR',
    `The master keys, the key of certificates, or a token for one of them (${file}) would lie inside DATA_DIR (${dataDir}), so that a copy of the data were a copy of its keys. Set OUBLIETTE_MASTER_KEYS or OUBLIETTE_CERTIFICATE_KEY to a path elsewhere.`,
  );
}

function parsed(text: string): MasterKeyPlace {
  try {
    return parseMasterKeyPlace(text);
  } catch (cause) {
    if (!(cause instanceof KeyringError)) throw cause;
    // The keyring's message does not repeat the text, which may hold a secret.
    throw new SampleError('SETTING_INVALID', `OUBLIETTE_MASTER_KEYS is not valid: ${cause.message}`, {
      cause,
    });
  }
}
