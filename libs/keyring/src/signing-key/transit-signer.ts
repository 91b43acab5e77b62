import { signingKeyErrors } from './signing-key-errors.js';

/** The version of a key that signs. */
export interface TransitSigner {
  readonly version: number;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Reads the answer to GET keys/:name. Throws `SIGNING_KEY_REFUSED` for a key that cannot sign certificates. */
export function parseTransitSigner(place: string, data: Record<string, unknown>): TransitSigner {
  const { refused, unavailable } = signingKeyErrors;
  if (data['type'] !== 'ed25519') throw refused(place, 'its type is not ed25519. Make one of that type');
  if (data['derived'] === true) throw refused(place, 'it is a derived key. Make one with derived=false');
  if (data['exportable'] === true || data['allow_plaintext_backup'] === true)
    throw refused(
      place,
      'its bytes may leave the service, so that others could sign too. Make a key with exportable=false and allow_plaintext_backup=false',
    );
  const { latest_version: version, keys } = data;
  const latest: unknown = asObject(keys)[String(version)];
  const text = asObject(latest)['public_key'];
  // 32 bytes.
  if (typeof version !== 'number' || typeof text !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(text))
    throw unavailable(place, 'its latest version is not what a Transit service tells');
  return { version, publicKey: new Uint8Array(Buffer.from(text, 'base64')) };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
