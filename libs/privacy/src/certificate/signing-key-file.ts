import { createPrivateKey, type KeyObject } from 'node:crypto';
import { dirname } from 'node:path';
import type { Disk, Entropy } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import { privateKeyOfSeed, SEED_BYTES, signerOf, TrustedKey, type CertificateSigner } from './signing-key.js';

/** For the owner alone. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** What `openssl pkey -pubout` writes of an Ed25519 key: what stands before its 32 bytes is always the same (RFC 8410, section 4). */
const publicBlock =
  /-----BEGIN PUBLIC KEY-----[\t\n\r ]+MCowBQYDK2VwAyEA([A-Za-z0-9+/]{43}=)[\t\n\r ]+-----END PUBLIC KEY-----/g;

/**
 * Makes a random Ed25519 key, in PKCS #8 as PEM (RFC 8410), mode 0600, and its directory (0700) when missing. Keep it apart from the
 * data: who has it can sign what never happened. Throws PrivacyError CERTIFICATE_KEY_EXISTS: a key is never replaced, for what it signed
 * would look forged.
 */
export function createSigningKeyFile(path: string, disk: Disk, entropy: Entropy): void {
  if (disk.existsSync(path))
    throw new PrivacyError('CERTIFICATE_KEY_EXISTS', `There is a signing key at ${path} already: use it.`);
  const seed = new Uint8Array(SEED_BYTES);
  entropy.fill(seed);
  const key = privateKeyOfSeed(seed);
  seed.fill(0);
  const content = Buffer.from(key.export({ format: 'pem', type: 'pkcs8' }));
  disk.makeDirectorySync(dirname(path), DIRECTORY_MODE);
  disk.replaceFileSync(path, content, FILE_MODE);
  content.fill(0);
}

/**
 * The signer with the key of a file. Throws PrivacyError CERTIFICATE_KEY_MISSING, CERTIFICATE_KEY_OPEN (others than the owner may read it)
 * or CERTIFICATE_KEY_INVALID.
 */
export function loadSigningKeyFile(path: string, disk: Disk): CertificateSigner {
  if (!disk.existsSync(path))
    throw new PrivacyError(
      'CERTIFICATE_KEY_MISSING',
      `There is no signing key at ${path}: put the one back that certificates were signed with, or, where there are none yet, make one with createSigningKeyFile of @oubliette/privacy.`,
    );
  const { mode } = disk.statSync(path);
  if ((mode & 0o077) !== 0)
    throw new PrivacyError(
      'CERTIFICATE_KEY_OPEN',
      `The signing key ${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: others can reach it. Run chmod 600 on it, and make a new one if somebody may have read it.`,
    );
  const content = Buffer.from(disk.readFileSync(path));
  try {
    return signerOf(ed25519(() => createPrivateKey(content)));
  } finally {
    content.fill(0);
  }
}

/** A public key as a PEM block (SPKI, RFC 8410): what readers of certificates are given. 32 bytes. */
export function publicKeyPem(publicKey: Uint8Array): string {
  return new TrustedKey(publicKey).pem;
}

/** The keys of a file of PEM blocks: one or more, and no other blocks. Throws PrivacyError CERTIFICATE_KEY_INVALID. */
export function readTrustedKeys(text: string): TrustedKey[] {
  const keys = [...text.matchAll(publicBlock)].map(([, key = '']) => Buffer.from(key, 'base64'));
  const blocks = text.split('-----BEGIN').length - 1;
  // A key that was damaged on its way must not be passed over: its certificates would look like a stranger's.
  if (keys.length === 0 || keys.length !== blocks)
    throw new PrivacyError(
      'CERTIFICATE_KEY_INVALID',
      `This is no file of trusted keys: ${keys.length} of its ${blocks} PEM blocks are public keys of Ed25519, as \`openssl pkey -pubout\` writes them. Give one or more, and no other blocks.`,
    );
  return keys.map((key) => new TrustedKey(key));
}

/** What Node says of a bad key may quote it. */
function ed25519(read: () => KeyObject): KeyObject {
  let key: KeyObject | null = null;
  try {
    key = read();
  } catch {
    // Below.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new PrivacyError('CERTIFICATE_KEY_INVALID', 'This is no Ed25519 key in PEM.');
}
