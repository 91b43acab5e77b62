import type { ServiceErrors } from '../service-errors.js';

/** A key of a Transit secrets engine: OpenBao's, or of another service with the same interface. */
export interface TransitSettings {
  /** Origin of the service, e.g. `https://bao.example.org:8200`. */
  readonly address: string;
  /** Where the engine is mounted; default `transit`. */
  readonly mount?: string;
  /** Name of the key, neither exportable nor derived; a master key is of an AEAD type (aes256-gcm96, …), one that signs of type ed25519. */
  readonly key: string;
  /** The namespace the mount is in, where the service has such. */
  readonly namespace?: string;
  /** Read for each call, so that an agent may renew it: the path of a file, or the name of an environment variable. */
  readonly token: { readonly file: string } | { readonly variable: string };
  /** Allows `http://` beyond this machine: token and secrets travel in clear. */
  readonly allowPlainHttp?: boolean;
}

/** Throws what `settingInvalid` makes. */
export function checkTransitSettings(
  settings: TransitSettings,
  { settingInvalid }: Pick<ServiceErrors, 'settingInvalid'>,
): void {
  const { address, mount = 'transit', key } = settings;
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw settingInvalid(
      'The address of a Transit service is its origin, as in https://bao.example.org:8200.',
    );
  if (url.username !== '' || url.password !== '')
    throw settingInvalid('The address of a Transit service carries no name and no password.');
  if (url.protocol === 'http:' && !isThisMachine(url.hostname) && settings.allowPlainHttp !== true) {
    throw settingInvalid(
      `The Transit service at ${url.origin} is not on this machine and would be spoken to in clear: use https, or set allowPlainHttp if something else protects the way.`,
    );
  }
  if (!/^[\w.-]+$/.test(key) || !mount.split('/').every((part) => /^[\w.-]+$/.test(part)))
    throw settingInvalid(
      'The key and the mount of a Transit service are made of letters, digits, ".", "-" and "_".',
    );
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
