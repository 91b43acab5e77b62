import type { UserRef } from '@oubliette/keyring';
import { readRecordKey } from '@oubliette/serde';
import { erasureBound, type ErasureBound } from '../forgetting/erasure-bound.js';
import { RemainsCount, type ErasedRecords, type Look, type Sought } from '../nudger/remains.js';
import { nudgeSpacingMs, type KeyTopicTimings } from '../nudger/timing.js';
import type { TopicWindow } from '../ports.js';

/** The records of forgotten users in a compacted topic of the application: whose they are stands in their keys. */
export function topicRecords(window: TopicWindow): ErasedRecords {
  return {
    place: `topic ${window.topic}`,
    look: lookFor,
    bury: async (partition, found) => {
      const keys = [...found.values()].flatMap(({ unburied }) => unburied);
      await window.bury(partition, keys);
      return keys.length;
    },
    bound: tombstoneBound,
  };
}

/** As of the key topic, from when the user's records were found: a look for somebody new is taken once in the nudger's pace. */
export function tombstoneBound(timings: KeyTopicTimings): ErasureBound {
  const { ms, terms } = erasureBound(timings);
  const found = { name: 'records are found', setting: "the nudger's pace", ms: nudgeSpacingMs(timings) };
  return { ms: ms === null ? null : ms + found.ms, terms: [found, ...terms] };
}

/** What is of a lifecycle that began after the forgetting stays. */
function lookFor(users: readonly Sought[]): Look {
  const upTo = new Map<UserRef, number>();
  for (const { userRef, lifecycle = 0 } of users)
    upTo.set(userRef, Math.max(lifecycle, upTo.get(userRef) ?? 0));
  return async (records, signal) => {
    const count = new RemainsCount(upTo.keys());
    let read = 0;
    for await (const record of records) {
      signal.throwIfAborted();
      read++;
      const owner = readRecordKey(record.key);
      // A key that says no lifecycle is of each.
      if (owner !== null && (owner.lifecycle ?? 0) <= (upTo.get(owner.userRef) ?? 0))
        count.add(owner.userRef, record);
    }
    return { remains: count.remains(), records: read };
  };
}
