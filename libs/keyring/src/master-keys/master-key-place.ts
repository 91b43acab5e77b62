import { masterKeySettingInvalid } from './master-key-errors.js';
import { checkKmsSettings, type KmsSettings } from './kms/kms-settings.js';
import { parametersOf, variableOf, type PlaceErrors } from './place-parameters.js';
import { readTransitPlace } from './transit/transit-place.js';
import type { TransitSettings } from './transit/transit-settings.js';

/** Where master keys are, as one line of configuration says it. */
export type MasterKeyPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'transit'; readonly settings: TransitSettings }
  | { readonly kind: 'kms'; readonly settings: KmsSettings };

/**
 * Reads one of
 * - `file:PATH`, or a path alone
 * - `env:VARIABLE`
 * - `transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH` (or `token-variable=NAME`; `namespace=…`, `allow-plain-http=true`)
 * - `kms:alias/NAME?region=…` (`endpoint=…`, `deletion-wait-days=7`)
 *
 * Throws `MASTER_KEY_SETTING_INVALID`, which does not repeat the text.
 */
export function parseMasterKeyPlace(text: string): MasterKeyPlace {
  const [, scheme = 'file', rest = ''] = /^(?:(file|env|transit|kms):)?(.*)$/s.exec(text.trim()) ?? [];
  if (rest === '') throw masterKeySettingInvalid(`The place of the master keys is empty: give ${FORMS}.`);
  switch (scheme) {
    case 'env':
      return { kind: 'environment', variable: variableOf(rest, errors) };
    case 'transit':
      return { kind: 'transit', settings: readTransitPlace(rest, errors) };
    case 'kms':
      return { kind: 'kms', settings: kmsOf(rest) };
    default:
      return { kind: 'file', path: pathOf(rest) };
  }
}

const errors: PlaceErrors = { what: 'The place of the master keys', settingInvalid: masterKeySettingInvalid };

/** A key in the place of its place would be shown in messages as a file's path. */
function pathOf(rest: string): string {
  if (!/(?:^|[\s,])\d+:[A-Za-z0-9+/]{43}=/.test(rest)) return rest;
  throw masterKeySettingInvalid(
    'This is a master key itself, not its place: put it into a variable of its own, and give env: and the name of that.',
  );
}

const FORMS =
  'a path, file:PATH, env:VARIABLE, transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH or kms:alias/NAME?region=REGION';

function kmsOf(rest: string): KmsSettings {
  const [alias = '', query = '', ...more] = rest.split('?');
  if (more.length > 0) throw invalid('kms:alias/NAME?region=REGION');
  const named = parametersOf(
    new URLSearchParams(query),
    ['region', 'endpoint', 'deletion-wait-days'],
    errors,
  );
  const [region, endpoint, days] = ['region', 'endpoint', 'deletion-wait-days'].map((name) =>
    named.get(name),
  );
  const settings: KmsSettings = {
    alias,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(days === undefined ? {} : { deletionWaitDays: /^\d{1,3}$/.test(days) ? Number(days) : NaN }),
  };
  checkKmsSettings(settings);
  return settings;
}

function invalid(form: string): Error {
  return masterKeySettingInvalid(`The place of the master keys is not of the form ${form}.`);
}
