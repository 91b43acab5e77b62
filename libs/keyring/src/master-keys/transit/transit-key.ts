import { masterKeyRefused, masterKeyUnavailable } from '../master-key-errors.js';
import { isEpoch } from '../key-set.js';

/** What the service tells of a key. */
export interface TransitKey {
  readonly latest: number;
  /** Versions that still decrypt, oldest first. */
  readonly versions: readonly number[];
  readonly minDecryption: number;
  readonly minEncryption: number;
  /** Older versions are destroyed. */
  readonly minAvailable: number;
}

/** Types whose ciphertexts are bound to associated data. */
const AEAD_TYPES = ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305'];

/** Reads the answer to GET keys/:name. Throws `MASTER_KEY_REFUSED` for a key that cannot serve as a master key. */
export function parseTransitKey(place: string, data: Record<string, unknown>): TransitKey {
  const type = data['type'];
  if (typeof type !== 'string' || !AEAD_TYPES.includes(type))
    throw masterKeyRefused(place, `its type is ${shown(type)}. Make one of type ${AEAD_TYPES.join(', ')}`);
  if (data['derived'] === true)
    throw masterKeyRefused(place, 'it is a derived key. Make one with derived=false');
  if (data['exportable'] === true || data['allow_plaintext_backup'] === true) {
    throw masterKeyRefused(
      place,
      'its bytes may leave the service, so that destroying an epoch would prove nothing. Make a key with exportable=false and allow_plaintext_backup=false',
    );
  }
  const listed = data['keys'];
  const versions =
    typeof listed === 'object' && listed !== null
      ? Object.keys(listed)
          .map(Number)
          .sort((a, b) => a - b)
      : [];
  const latest = data['latest_version'];
  if (!isEpoch(latest) || !versions.every(isEpoch) || versions.at(-1) !== latest)
    throw masterKeyUnavailable(place, 'its versions are not what a Transit service tells');
  return {
    latest,
    versions,
    minDecryption: count(data['min_decryption_version']),
    minEncryption: count(data['min_encryption_version']),
    minAvailable: count(data['min_available_version']),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}

function shown(type: unknown): string {
  return typeof type === 'string' && /^[\w-]{1,40}$/.test(type) ? type : 'unknown';
}
