import type { ClassicGroup } from './classic-group.js';
import { metadataFor } from './group-member.js';
import type { TopicPartition } from './group-offsets.js';
import type { StoredOffset } from './group-records.js';
import { subscribedTopics } from './subscription.js';

/** One committed partition, as expiry looks at it. */
export type CommittedPartition = TopicPartition & { readonly value: StoredOffset };

/**
 * Which of a group's offsets have expired when those from `before` (ms since the Unix epoch) and earlier have; null for none of
 * them. The rules of ClassicGroup.offsetExpirationCondition (KIP-211):
 *
 * - offsets without a group, or of one without a protocol type, by the time of their commit;
 * - of a group without members by the time since when it has none, however young the commit;
 * - of a stable consumer group by the time of their commit, and only of topics that nobody in it subscribes to.
 */
export function expiry(
  group: ClassicGroup | undefined,
  before: number,
): ((partition: CommittedPartition) => boolean) | null {
  const byCommit = ({ value }: CommittedPartition): boolean => Number(value.commitTimestamp) <= before;
  if (group === undefined || group.protocolType === null) return byCommit;
  const topics = group.state === 'Stable' && group.protocolType === 'consumer' ? topicsOf(group) : null;
  if (topics !== null) return (entry) => !topics.has(entry.topic) && byCommit(entry);
  if (group.state !== 'Empty') return null;
  // Written by a broker of before 2.1 the group has no such time.
  return group.stateSince < 0 ? byCommit : () => group.stateSince <= before;
}

/** The topics a consumer group's members subscribe to; null when that cannot be read. */
export function topicsOf(group: ClassicGroup): ReadonlySet<string> | null {
  const topics = new Set<string>();
  for (const member of group.members.values()) {
    const subscribed = subscribedTopics(metadataFor(member, group.protocolName));
    if (subscribed === null) return null;
    for (const topic of subscribed) topics.add(topic);
  }
  return topics;
}
