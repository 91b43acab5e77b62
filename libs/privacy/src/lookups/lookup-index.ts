import { isPurposeName } from '@oubliette/keyring';
import { LookupError } from './lookup-error.js';

/** A value by which users are found again, as the application declares it. */
export interface LookupIndex {
  /** 1 to 64 lower-case letters, digits and hyphens, a letter first. It is part of every hash: renaming it loses the rows. */
  readonly name: string;
  /** The purpose that the value is held for: withdrawn, its rows go. Default: none, they go when the user is forgotten. */
  readonly purpose?: string;
  /** The one form of all spellings that are the same; another one finds nothing of what was written under this one. */
  normalise(value: string): string;
}

export interface EmailIndexOptions {
  readonly name?: string;
  readonly purpose?: string;
  /**
   * Takes `Ann@…` and `ann@…` for the same. RFC 5321, section 2.4, leaves the local part's case to its host, and nearly no host
   * tells them apart. Default false.
   */
  readonly foldLocalPart?: boolean;
}

/** Longest normalised value, in UTF-8 bytes: a look-up is for identifiers, not for texts. */
export const MAX_LOOKUP_BYTES = 4096;

/** E-mail addresses: trimmed, Unicode NFC, the domain in lower case (RFC 5321, section 2.4), the local part where declared. */
export function emailIndex(options: EmailIndexOptions = {}): LookupIndex {
  const { name = 'email', purpose, foldLocalPart = false } = options;
  return {
    name,
    ...(purpose === undefined ? {} : { purpose }),
    normalise: (value) => {
      const address = value.trim().normalize('NFC');
      const at = address.lastIndexOf('@');
      const local = at === -1 ? address : address.slice(0, at);
      const domain = at === -1 ? '' : address.slice(at).toLowerCase();
      return (foldLocalPart ? local.toLowerCase() : local) + domain;
    },
  };
}

/** Declared indexes by name. Throws `LOOKUP_INDEX_INVALID`. */
export function indexesByName(indexes: readonly LookupIndex[]): ReadonlyMap<string, LookupIndex> {
  const byName = new Map<string, LookupIndex>();
  for (const index of indexes) {
    const { name, purpose } = index;
    if (!isPurposeName(name) || (purpose !== undefined && !isPurposeName(purpose)))
      throw new LookupError(
        'LOOKUP_INDEX_INVALID',
        'A look-up and its purpose are named by 1 to 64 lower-case letters, digits and hyphens, a letter first.',
      );
    if (byName.has(name))
      throw new LookupError('LOOKUP_INDEX_INVALID', `The look-up ${name} is declared twice.`);
    byName.set(name, index);
  }
  return byName;
}
