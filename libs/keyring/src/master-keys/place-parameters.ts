import type { ServiceErrors } from './service-errors.js';

/** How errors of a place read. */
export interface PlaceErrors extends Pick<ServiceErrors, 'settingInvalid'> {
  /** As a sentence begins: "The place of the master keys". */
  readonly what: string;
}

export function variableOf(name: string, { settingInvalid }: PlaceErrors): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw settingInvalid('An environment variable has a name of letters, digits and "_".');
}

/** What the errors say does not repeat what was given: it may be a secret. */
export function parametersOf(
  given: URLSearchParams,
  known: readonly string[],
  { what, settingInvalid }: PlaceErrors,
): Map<string, string> {
  const named = new Map<string, string>();
  for (const [name, value] of given) {
    if (!known.includes(name) || named.has(name) || value === '') {
      throw settingInvalid(
        `${what} has a parameter that is unknown, empty or given twice: known are ${known.join(', ')}.`,
      );
    }
    named.set(name, value);
  }
  return named;
}

export function flagOf(
  named: ReadonlyMap<string, string>,
  name: string,
  { settingInvalid }: PlaceErrors,
): boolean {
  const value = named.get(name) ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw settingInvalid(`${name} is true or false.`);
}
