import type { Keyring, UserRef } from '@oubliette/keyring';
import { erasureBound } from '../forgetting/erasure-bound.js';
import type { Logger } from '../logger.js';
import type { KeyFiles } from '../verification/key-files.js';
import { RemainsCount, type ErasedRecords, type Look } from './remains.js';

export interface KeyRecordsParts {
  readonly keyring: Pick<Keyring, 'state' | 'list' | 'catchUp'>;
  /** Tombstones every dead record in any partition and sees to it that each of them leaves the log; gives how many. */
  readonly buryDead: () => Promise<number>;
  readonly logger: Logger;
  readonly files?: KeyFiles;
}

/** The keys of forgotten users in the key topic. */
export function keyRecords({ keyring, buryDead, logger, files }: KeyRecordsParts): ErasedRecords {
  return {
    place: 'the key topic',
    look: (users) => lookFor(new Set(users.map(({ userRef }) => userRef)), keyring),
    bury: async (partition, found) => {
      await keyring.catchUp([...found.keys()]);
      const records = await buryDead();
      if (records === 0)
        logger.warn('A key record of a forgotten user has no tombstone and the keyring does not know it.', {
          partition,
        });
      return records;
    },
    bound: erasureBound,
    ...(files === undefined ? {} : { files }),
  };
}

/**
 * A tombstone that stands is no remains: it has the pseudonym and a random kid for a key and no value, so no key material, and slow
 * readers need it until delete.retention.ms has passed. Nor is the key of a lifecycle that began after the forgetting.
 */
function lookFor(userRefs: ReadonlySet<UserRef>, keyring: KeyRecordsParts['keyring']): Look {
  const living = livingKeys(userRefs, keyring);
  return async (records, signal) => {
    const count = new RemainsCount(userRefs);
    let read = 0;
    for await (const record of records) {
      signal.throwIfAborted();
      read++;
      const hash = record.key.indexOf('#');
      if (hash < 0 || living.has(record.key)) continue;
      count.add(record.key.slice(0, hash) as UserRef, record);
    }
    return { remains: count.remains(), records: read };
  };
}

function livingKeys(
  userRefs: ReadonlySet<UserRef>,
  keyring: KeyRecordsParts['keyring'],
): ReadonlySet<string> {
  const living = new Set<string>();
  if (![...userRefs].some((userRef) => keyring.state(userRef) === 'active')) return living;
  for (const { userRef, state, kids } of keyring.list()) {
    if (state === 'active' && userRefs.has(userRef)) for (const kid of kids) living.add(`${userRef}#${kid}`);
  }
  return living;
}
