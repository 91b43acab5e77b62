import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { PrivacyError } from '../errors.js';
import { isWeakPoint } from './weak-point.js';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const SEED_BYTES = 32;
/** What stands before a raw key in its DER form (RFC 8410, sections 4 and 7). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Signs certificates with Ed25519 (RFC 8032): a key file, or a `SigningKey` of a key service. */
export interface CertificateSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A signer whose key is in memory. Throws PrivacyError CERTIFICATE_KEY_INVALID for another length than 32 bytes. */
export function signerOfSeed(seed: Uint8Array): CertificateSigner {
  return signerOf(privateKeyOfSeed(seed));
}

/** Of an Ed25519 private key. */
export function signerOf(key: KeyObject): CertificateSigner {
  return {
    publicKey: publicKeyOf(createPublicKey(key)),
    sign: (message) => Promise.resolve(sign(null, message, key)),
  };
}

/** 32 bytes, of an Ed25519 public key. */
export function publicKeyOf(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

/** Throws PrivacyError CERTIFICATE_KEY_INVALID for another length than 32 bytes. */
export function privateKeyOfSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) throw invalid(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  const der = Buffer.concat([privatePrefix, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** A key that its holder trusts. Throws PrivacyError CERTIFICATE_KEY_INVALID. */
export class TrustedKey {
  readonly name: string;
  readonly #key: KeyObject;
  readonly #isWeak: boolean;

  constructor(publicKey: Uint8Array) {
    if (publicKey.length !== PUBLIC_KEY_BYTES) {
      throw invalid(`a public key has ${PUBLIC_KEY_BYTES} bytes, not ${publicKey.length}`);
    }
    this.name = keyName(publicKey);
    this.#isWeak = isWeakPoint(publicKey);
    this.#key = createPublicKey({
      key: Buffer.concat([publicPrefix, publicKey]),
      format: 'der',
      type: 'spki',
    });
  }

  /** SPKI in PEM. */
  get pem(): string {
    return this.#key.export({ format: 'pem', type: 'spki' }).toString();
  }

  /** False too where key or signature has a point of small order: as libsodium has it. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    if (this.#isWeak || isWeakPoint(signature.subarray(0, PUBLIC_KEY_BYTES))) return false;
    return verify(null, message, this.#key, signature);
  }
}

/** SHA-256 of the key, lower-case hex: names it, and does not bring it. */
export function keyName(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex');
}

function invalid(why: string): PrivacyError {
  return new PrivacyError('CERTIFICATE_KEY_INVALID', `This is no Ed25519 key: ${why}.`);
}
