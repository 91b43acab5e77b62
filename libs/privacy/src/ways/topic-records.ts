import type { UserRef } from '@oubliette/keyring';
import { erasureBound, type ErasureBound } from '../forgetting/erasure-bound.js';
import type { NudgeJob } from '../nudger/nudge-job.js';
import { RemainsCount, type ErasedRecords, type Look } from '../nudger/remains.js';
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
function lookFor(jobs: readonly NudgeJob[]): Look {
  const upTo = new Map<UserRef, number>();
  for (const { userRef, lifecycle = 0 } of jobs)
    upTo.set(userRef, Math.max(lifecycle, upTo.get(userRef) ?? 0));
  return async (records, signal) => {
    const count = new RemainsCount(upTo.keys());
    let read = 0;
    for await (const record of records) {
      signal.throwIfAborted();
      read++;
      const owner = ownerOf(record.key);
      if (owner !== null && owner.lifecycle <= (upTo.get(owner.userRef) ?? 0)) count.add(owner.userRef, record);
    }
    return { remains: count.remains(), records: read };
  };
}

const recordKey = /^([0-9a-f]{32})(?:#([1-9]\d{0,8})#[0-9a-f]{32})?$/;

/** A key without a lifecycle is of each. */
function ownerOf(key: string): { userRef: UserRef; lifecycle: number } | null {
  const parts = recordKey.exec(key);
  if (parts === null) return null;
  return { userRef: parts[1] as UserRef, lifecycle: Number(parts[2] ?? 0) };
}
