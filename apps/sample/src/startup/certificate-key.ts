import { join } from 'node:path';
import { createSigningKeyFile, loadSigningKeyFile, publicKeyPem, readTrustedKeys } from '@oubliette/privacy';
import type { Disk, Entropy } from '@oubliette/runtime';
import { SampleError } from '../errors.js';
import { refuseKeysAmongData } from './master-keys-setting.js';
import type { Settings } from './settings.js';

/**
 * Makes the key that signs certificates at the first start, and tells readers whom to trust: `certificate.pub` in the data directory has
 * its public half, and those of keys that signed before it. Throws `CERTIFICATE_KEY_MISSING` where a key signed once and is gone.
 */
export function ensureCertificateKey(
  { certificateKey, dataDir }: Pick<Settings, 'certificateKey' | 'dataDir'>,
  disk: Disk,
  entropy: Entropy,
  warn: (message: string) => void,
): void {
  const publicFile = join(dataDir, 'certificate.pub');
  // As given they were compared before; a link may lead one into the other.
  refuseKeysAmongData(disk.realPathSync(dataDir), disk.realPathSync(certificateKey));
  const known = disk.existsSync(publicFile)
    ? Buffer.from(disk.readFileSync(publicFile)).toString('utf8')
    : '';
  if (!disk.existsSync(certificateKey)) {
    if (known !== '')
      throw new SampleError(
        'CERTIFICATE_KEY_MISSING',
        `There is no signing key at ${certificateKey}, but certificates were signed with one: put it back or set OUBLIETTE_CERTIFICATE_KEY; a new key's public half is added to ${publicFile}.`,
      );
    createSigningKeyFile(certificateKey, disk, entropy);
    warn(`Made a new key for certificates at ${certificateKey}. Who has it can sign in your name.`);
  }
  const pem = publicKeyPem(loadSigningKeyFile(certificateKey, disk).publicKey);
  const isKnown = known !== '' && readTrustedKeys(known).some((key) => key.pem === pem);
  if (!isKnown) disk.replaceFileSync(publicFile, Buffer.from(`${known}${pem}`), 0o644);
}
