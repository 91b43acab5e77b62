import {
  CertificateRegister,
  loadSigningKeyFile,
  openCertificateKey,
  type CertificateSigner,
} from '@oubliette/privacy';
import { SystemDisk, type Clock, type Entropy } from '@oubliette/runtime';
import type { KafkaEngineOptions } from './kafka-engine-options.js';

type Options = Pick<KafkaEngineOptions, 'certificateKey' | 'stores' | 'disk'>;
type Ports = { readonly clock: Clock; readonly entropy: Entropy };

/** null: no certificates are issued. What was opened is added to `closes`, to be called in reverse. */
export async function certificatesOf(
  { stores, ...options }: Options,
  ports: Ports,
  closes: (() => Promise<void>)[],
): Promise<CertificateRegister | null> {
  const signer = await signerOf(options, ports, closes);
  if (signer === null) return null;
  return new CertificateRegister({ ...stores, store: stores.certificates, signer, clock: ports.clock });
}

async function signerOf(
  { certificateKey, disk = new SystemDisk() }: Omit<Options, 'stores'>,
  ports: Ports,
  closes: (() => Promise<void>)[],
): Promise<CertificateSigner | null> {
  if (certificateKey === undefined) return null;
  if ('file' in certificateKey) return loadSigningKeyFile(certificateKey.file, disk);
  if (!('place' in certificateKey)) return certificateKey;
  const { place, service, environment = process.env } = certificateKey;
  const key = await openCertificateKey(place, { ...ports, disk, environment }, service);
  closes.push(async () => key.close());
  return key;
}
