import { masterKeySettingInvalid } from './master-key-errors.js';
import { checkKmsSettings, type KmsSettings } from './kms/kms-settings.js';
import { checkTransitSettings, type TransitSettings } from './transit/transit-settings.js';

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
      return { kind: 'environment', variable: variableOf(rest) };
    case 'transit':
      return { kind: 'transit', settings: transitOf(rest) };
    case 'kms':
      return { kind: 'kms', settings: kmsOf(rest) };
    default:
      return { kind: 'file', path: pathOf(rest) };
  }
}

/** A key in the place of its place would be shown in messages as a file's path. */
function pathOf(rest: string): string {
  if (!/(?:^|[\s,])\d+:[A-Za-z0-9+/]{43}=/.test(rest)) return rest;
  throw masterKeySettingInvalid(
    'This is a master key itself, not its place: put it into a variable of its own, and give env: and the name of that.',
  );
}

const FORMS =
  'a path, file:PATH, env:VARIABLE, transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH or kms:alias/NAME?region=REGION';

function transitOf(rest: string): TransitSettings {
  if (!URL.canParse(rest)) throw invalid('transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH');
  const url = new URL(rest);
  const path = url.pathname.split('/').slice(1);
  const key = path.pop() ?? '';
  const named = parametersOf(url.searchParams, [
    'token-file',
    'token-variable',
    'namespace',
    'allow-plain-http',
  ]);
  const [file, variable] = [named.get('token-file'), named.get('token-variable')];
  if ((file === undefined) === (variable === undefined))
    throw masterKeySettingInvalid('A Transit place names token-file or token-variable, one of them.');
  const namespace = named.get('namespace');
  const plain = flagOf(named, 'allow-plain-http');
  // As it was given, a name and a password in it too: the check refuses them.
  const address = `${url.protocol}//${url.username === '' ? '' : `${url.username}@`}${url.host}`;
  const settings: TransitSettings = {
    address,
    mount: path.join('/'),
    key,
    token: file === undefined ? { variable: variableOf(variable ?? '') } : { file },
    ...(namespace === undefined ? {} : { namespace }),
    ...(plain ? { allowPlainHttp: true } : {}),
  };
  checkTransitSettings(settings);
  return settings;
}

function kmsOf(rest: string): KmsSettings {
  const [alias = '', query = '', ...more] = rest.split('?');
  if (more.length > 0) throw invalid('kms:alias/NAME?region=REGION');
  const named = parametersOf(new URLSearchParams(query), ['region', 'endpoint', 'deletion-wait-days']);
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

function variableOf(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw masterKeySettingInvalid('An environment variable has a name of letters, digits and "_".');
}

function parametersOf(given: URLSearchParams, known: readonly string[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const [name, value] of given) {
    if (!known.includes(name) || named.has(name) || value === '') {
      throw masterKeySettingInvalid(
        `The place of the master keys has a parameter that is unknown, empty or given twice: known are ${known.join(', ')}.`,
      );
    }
    named.set(name, value);
  }
  return named;
}

function flagOf(named: ReadonlyMap<string, string>, name: string): boolean {
  const value = named.get(name) ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw masterKeySettingInvalid(`${name} is true or false.`);
}

function invalid(form: string): Error {
  return masterKeySettingInvalid(`The place of the master keys is not of the form ${form}.`);
}
