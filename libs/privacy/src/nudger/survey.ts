import type { BareRecord } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';

/** What still stands of one user in a replica. */
export interface Remains {
  /** Key records with a value: key material that is still in the log. */
  readonly values: number;
  /** Those of them that no tombstone follows: compaction alone will never take them. */
  readonly unburied: number;
}

export interface Survey {
  readonly remains: ReadonlyMap<UserRef, Remains>;
  /** How many records were read, of whomever. */
  readonly records: number;
}

/** Whether a key is of a lifecycle that began after the forgetting. */
export type IsLiving = (userRef: UserRef, kid: string) => boolean;

/**
 * Goes once through a replica's records for all users asked about. A tombstone that stands is no remains: it has the pseudonym and a
 * random kid for a key and no value, so no key material, and slow readers need it until delete.retention.ms has passed.
 */
export async function survey(
  records: AsyncIterable<BareRecord>,
  userRefs: ReadonlySet<UserRef>,
  isLiving: IsLiving,
  signal: AbortSignal,
): Promise<Survey> {
  const found = new Map<UserRef, { values: number; last: Map<string, 'value' | 'tombstone'> }>();
  for (const userRef of userRefs) found.set(userRef, { values: 0, last: new Map() });
  let count = 0;
  for await (const { key, tombstone } of records) {
    signal.throwIfAborted();
    count++;
    const hash = key.indexOf('#');
    if (hash < 0) continue;
    const userRef = key.slice(0, hash) as UserRef;
    const user = found.get(userRef);
    const kid = key.slice(hash + 1);
    if (!user || isLiving(userRef, kid)) continue;
    if (!tombstone) user.values++;
    user.last.set(kid, tombstone ? 'tombstone' : 'value');
  }
  const remains = new Map<UserRef, Remains>();
  for (const [userRef, { values, last }] of found) {
    const unburied = [...last.values()].filter((kind) => kind === 'value').length;
    remains.set(userRef, { values, unburied });
  }
  return { remains, records: count };
}
