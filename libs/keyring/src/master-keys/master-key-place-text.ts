import type { KmsSettings } from './kms/kms-settings.js';
import type { MasterKeyPlace } from './master-key-place.js';
import type { TransitSettings } from './transit/transit-settings.js';

/** The line that `parseMasterKeyPlace` reads as this place. It holds no secret: a token is named by where it is. */
export function masterKeyPlaceText(place: MasterKeyPlace): string {
  switch (place.kind) {
    case 'file':
      return `file:${place.path}`;
    case 'environment':
      return `env:${place.variable}`;
    case 'transit':
      return transitText(place.settings);
    case 'kms':
      return kmsText(place.settings);
  }
}

function transitText(settings: TransitSettings): string {
  const { address, mount = 'transit', key, token, namespace, allowPlainHttp } = settings;
  const named = parameters({
    'token-file': 'file' in token ? token.file : undefined,
    'token-variable': 'variable' in token ? token.variable : undefined,
    namespace,
    'allow-plain-http': allowPlainHttp === true ? 'true' : undefined,
  });
  return `transit:${new URL(address).origin}/${mount}/${key}${named}`;
}

function kmsText({ alias, region, endpoint, deletionWaitDays }: KmsSettings): string {
  const days = deletionWaitDays === undefined ? undefined : String(deletionWaitDays);
  return `kms:${alias}${parameters({ region, endpoint, 'deletion-wait-days': days })}`;
}

function parameters(values: Readonly<Record<string, string | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) given.append(name, value);
  return given.size === 0 ? '' : `?${given.toString()}`;
}
