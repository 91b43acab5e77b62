import { flagOf, parametersOf, variableOf, type PlaceErrors } from '../place-parameters.js';
import { checkTransitSettings, type TransitSettings } from './transit-settings.js';

const parameters = ['token-file', 'token-variable', 'namespace', 'allow-plain-http'];

/** Reads what stands behind `transit:` in the place of a key. Throws what `settingInvalid` makes. */
export function readTransitPlace(rest: string, errors: PlaceErrors): TransitSettings {
  const { what, settingInvalid } = errors;
  if (!URL.canParse(rest))
    throw settingInvalid(`${what} is not of the form transit:https://HOST:PORT/MOUNT/KEY?token-file=PATH.`);
  const url = new URL(rest);
  const path = url.pathname.split('/').slice(1);
  const key = path.pop() ?? '';
  const named = parametersOf(url.searchParams, parameters, errors);
  const [file, variable] = [named.get('token-file'), named.get('token-variable')];
  if ((file === undefined) === (variable === undefined))
    throw settingInvalid('A Transit place names token-file or token-variable, one of them.');
  const namespace = named.get('namespace');
  const plain = flagOf(named, 'allow-plain-http', errors);
  // As it was given, a name and a password in it too: the check refuses them.
  const address = `${url.protocol}//${url.username === '' ? '' : `${url.username}@`}${url.host}`;
  const settings: TransitSettings = {
    address,
    mount: path.join('/'),
    key,
    token: file === undefined ? { variable: variableOf(variable ?? '', errors) } : { file },
    ...(namespace === undefined ? {} : { namespace }),
    ...(plain ? { allowPlainHttp: true } : {}),
  };
  checkTransitSettings(settings, errors);
  return settings;
}
