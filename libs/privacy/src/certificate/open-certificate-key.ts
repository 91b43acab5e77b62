import {
  openTransitSigningKey,
  parseSigningKeyPlace,
  type SigningKeyPlace,
  type SigningKeyPorts,
  type SigningKeyServiceOptions,
} from '@oubliette/keyring';
import { loadSigningKeyFile } from './signing-key-file.js';
import type { CertificateSigner } from './signing-key.js';

/** A signer of one's own to close. */
export interface OpenCertificateKey extends CertificateSigner {
  close(): void;
}

/**
 * Opens the key that signs certificates where `place` has it (see `parseSigningKeyPlace`): a file, or a key service behind time limits, tries
 * and a circuit breaker. Rejects as `loadSigningKeyFile` and `openTransitSigningKey` do.
 */
export async function openCertificateKey(
  place: string | SigningKeyPlace,
  ports: SigningKeyPorts,
  options: SigningKeyServiceOptions = {},
): Promise<OpenCertificateKey> {
  const found = typeof place === 'string' ? parseSigningKeyPlace(place) : place;
  if (found.kind === 'transit') return openTransitSigningKey(found.settings, ports, options);
  return { ...loadSigningKeyFile(found.path, ports.disk), close: () => undefined };
}
