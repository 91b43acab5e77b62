import { join } from 'node:path';
import type { SigningKeyPorts } from '@oubliette/keyring';
import {
  createSigningKeyFile,
  openCertificateKey,
  publicKeyPem,
  readTrustedKeys,
  type OpenCertificateKey,
} from '@oubliette/privacy';
import { SampleError } from '../errors.js';
import { filesOf, refuseKeysAmongData } from './master-keys-setting.js';
import type { Settings } from './settings.js';

/**
 * Opens the key that signs certificates, a file made at the first start, and tells readers whom to trust: `certificate.pub` in the data
 * directory has its public half, and those of keys that signed before it. Rejects with `CERTIFICATE_KEY_MISSING` where a file signed once and
 * is gone, and as `openCertificateKey` does.
 */
export async function ensureCertificateKey(
  { certificateKey, dataDir }: Pick<Settings, 'certificateKey' | 'dataDir'>,
  ports: SigningKeyPorts,
  warn: (message: string) => void,
): Promise<OpenCertificateKey> {
  const { disk, entropy } = ports;
  const publicFile = join(dataDir, 'certificate.pub');
  // As given they were compared before; a link may lead one into the other.
  for (const file of filesOf(certificateKey))
    refuseKeysAmongData(disk.realPathSync(dataDir), disk.realPathSync(file));
  const known = disk.existsSync(publicFile)
    ? Buffer.from(disk.readFileSync(publicFile)).toString('utf8')
    : '';
  if (certificateKey.kind === 'file' && !disk.existsSync(certificateKey.path)) {
    const { path } = certificateKey;
    if (known !== '')
      throw new SampleError(
        'CERTIFICATE_KEY_MISSING',
        `There is no signing key at ${path}, but certificates were signed with one: put it back or set OUBLIETTE_CERTIFICATE_KEY; a new key's public half is added to ${publicFile}.`,
      );
    createSigningKeyFile(path, disk, entropy);
    warn(`Made a new key for certificates at ${path}. Who has it can sign in your name.`);
  }
  const key = await openCertificateKey(certificateKey, ports);
  const pem = publicKeyPem(key.publicKey);
  const isKnown = known !== '' && readTrustedKeys(known).some((one) => one.pem === pem);
  if (!isKnown) disk.replaceFileSync(publicFile, Buffer.from(`${known}${pem}`), 0o644);
  return key;
}
