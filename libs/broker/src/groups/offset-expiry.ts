import type { ClassicGroup } from './classic-group.js';
import { metadataFor } from './group-member.js';
import type { TopicPartition } from './group-offsets.js';
import type { StoredOffset } from './group-records.js';
import { subscribedTopics } from './subscription.js';

/** One committed partition, as expiry looks at it. */
export type CommittedPartition = TopicPartition & { readonly value: StoredOffset };

/** Wall-clock time of the look, and how long offsets are kept, both in ms. */
export interface ExpiryTime {
  readonly now: number;
  readonly retentionMs: number;
}

/**
 * Which of a group's offsets have expired; null for none of them. The rules of ClassicGroup.offsetExpirationCondition (KIP-211):
 *
 * - of a group without a protocol type, by the time of their commit;
 * - of a group without members by the time since when it has none, however young the commit;
 * - of a stable consumer group by the time of their commit, and only of topics that nobody in it subscribes to.
 *
 * Those whose client said how long to keep them (OffsetCommit 2 to 4) go then, in such a group (OffsetExpirationConditionImpl).
 */
export function expiry(
  group: ClassicGroup,
  { now, retentionMs }: ExpiryTime,
): ((partition: CommittedPartition) => boolean) | null {
  const isOver = (since: number): boolean => now - since >= retentionMs;
  const byCommit = ({ value }: CommittedPartition): boolean => isOver(Number(value.commitTimestamp));
  const orAsSaid =
    (general: typeof byCommit) =>
    (entry: CommittedPartition): boolean =>
      entry.value.expireTimestamp === -1n ? general(entry) : now >= Number(entry.value.expireTimestamp);
  if (group.protocolType === null) return orAsSaid(byCommit);
  if (group.state === 'Stable' && group.subscribed !== null) {
    const asSaid = orAsSaid(byCommit);
    return (entry) => !isSubscribed(group, entry.topic) && asSaid(entry);
  }
  if (group.state !== 'Empty') return null;
  // Written by a broker of before 2.1 the group has no such time.
  return orAsSaid(group.stateSince < 0 ? byCommit : () => isOver(group.stateSince));
}

/** Whether the group's last generation subscribed to the topic; where that is not known, every consumer group does. */
export function isSubscribed({ subscribed, protocolType }: ClassicGroup, topic: string): boolean {
  return subscribed === null ? protocolType === 'consumer' : subscribed.has(topic);
}

/** The topics a consumer group's members subscribe to; null of another type, or when that cannot be read. */
export function subscribedBy(group: ClassicGroup): ReadonlySet<string> | null {
  if (group.protocolType !== 'consumer') return null;
  const topics = new Set<string>();
  for (const member of group.members.values()) {
    const subscribed = subscribedTopics(metadataFor(member, group.protocolName));
    if (subscribed === null) return null;
    for (const topic of subscribed) topics.add(topic);
  }
  return topics;
}
