import { signerOfSeed, type CertificateSigner } from '../certificate/signing-key.js';

/** A signer whose key every test may know. */
export function testSigner(): CertificateSigner {
  return signerOfSeed(new Uint8Array(32).fill(7));
}
