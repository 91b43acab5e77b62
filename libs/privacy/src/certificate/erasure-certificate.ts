import { PrivacyError } from '../errors.js';
import { readStatement, type ErasureStatement } from './erasure-statement.js';
import {
  checkLinks,
  checkSignature,
  readCertificate,
  type ChainLink,
  type ReadCertificate,
} from './signed-certificate.js';
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
 * The certificates of a chain, first to last, each verified: there may be more of them than memory has room for. Throws what
 * `verifyCertificate` does, naming the line, and then CERTIFICATE_CHAIN_BROKEN.
 */
export function verifyChain(files: Iterable<Uint8Array>, trusted: readonly TrustedKey[]): ChainLink[] {
  const chain: ChainLink[] = [];
  for (const file of files) chain.push(verifyLine(file, trusted, chain.length + 1));
  checkLinks(chain);
  return chain;
}

function verifyLine(file: Uint8Array, trusted: readonly TrustedKey[], line: number): ChainLink {
  try {
    const { body, digest } = verifyCertificate(file, trusted);
    return { number: body.number, previous: body.previous, digest };
  } catch (error) {
    if (!(error instanceof PrivacyError)) throw error;
    throw new PrivacyError(error.code, `Line ${line} of the chain: ${error.message}`);
  }
}
