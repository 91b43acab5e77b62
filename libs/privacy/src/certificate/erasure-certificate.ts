import { PrivacyError } from '../errors.js';
import { readStatement, type ErasureStatement } from './erasure-statement.js';
import { checkLinks, checkSignature, readCertificate, type ReadCertificate } from './signed-certificate.js';
import type { TrustedKey } from './signing-key.js';

/** A certificate that a trusted key has signed. */
export interface VerifiedCertificate extends ReadCertificate {
  readonly statement: ErasureStatement;
}

/**
 * What a certificate states, signed by a trusted key. Throws PrivacyError, the first of these that holds: CERTIFICATE_MALFORMED,
 * CERTIFICATE_KEY_UNTRUSTED, CERTIFICATE_FORGED.
 */
export function verifyCertificate(file: Uint8Array, trusted: readonly TrustedKey[]): VerifiedCertificate {
  const certificate = readCertificate(file);
  const statement = readStatement(certificate.body);
  checkSignature(certificate, trusted);
  return { ...certificate, statement };
}

/**
 * The certificates of a chain, first to last, each verified. Throws what `verifyCertificate` does, naming the line, and then
 * CERTIFICATE_CHAIN_BROKEN.
 */
export function verifyChain(
  files: readonly Uint8Array[],
  trusted: readonly TrustedKey[],
): VerifiedCertificate[] {
  const chain = files.map((file, index) => verifyLine(file, trusted, index + 1));
  checkLinks(chain);
  return chain;
}

function verifyLine(file: Uint8Array, trusted: readonly TrustedKey[], line: number): VerifiedCertificate {
  try {
    return verifyCertificate(file, trusted);
  } catch (error) {
    if (!(error instanceof PrivacyError)) throw error;
    throw new PrivacyError(error.code, `Line ${line} of the chain: ${error.message}`);
  }
}
