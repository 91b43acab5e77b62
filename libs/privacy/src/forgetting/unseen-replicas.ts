import type { Erasure } from '../ports.js';
import type { UnseenReplica } from '../verification/erasure-evidence.js';

/** The replicas of all its topics that nobody could see when an erasure was done. */
export function unseenReplicas({
  evidence,
  topics,
}: Pick<Erasure, 'evidence' | 'topics'>): readonly UnseenReplica[] {
  const ofTopics = topics.flatMap((one) => (one.evidence ?? []).flatMap(({ unseen }) => unseen));
  return [...(evidence?.unseen ?? []), ...ofTopics];
}
