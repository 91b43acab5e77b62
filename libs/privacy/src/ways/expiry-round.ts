import type { ReplicaState } from '@oubliette/kafka';
import type { Clock } from '@oubliette/runtime';
import type { TopicWindow } from '../ports.js';
import type { UnseenReplica } from '../verification/erasure-evidence.js';
import type { PartitionMark, TopicPass } from './topic-erasure.js';

/** One look at one partition: from where each replica's log goes. */
export interface ExpiryLook {
  /** Where the log ends at the leader. */
  readonly end: bigint;
  readonly passes: readonly TopicPass[];
  readonly unseen: readonly UnseenReplica[];
  /** A replica in sync has not told yet that it knows everything. */
  readonly isSettling: boolean;
}

/** How one partition stands to a mark. */
export interface ExpiryFinding {
  /** The replicas whose logs begin behind the mark. */
  readonly passes: readonly TopicPass[];
  /** The brokers whose logs still have what stood before it. */
  readonly standing: readonly number[];
  readonly unseen: readonly UnseenReplica[];
  readonly isSettling: boolean;
}

/** Rejects where the partition has no leader; another replica that does not answer is unseen. */
export async function lookAtExtents(
  window: Pick<TopicWindow, 'replicas' | 'end' | 'extent'>,
  partition: number,
  clock: Clock,
): Promise<ExpiryLook> {
  const [replicas, end] = await Promise.all([window.replicas(partition), window.end(partition)]);
  const passes: TopicPass[] = [];
  const unseen: UnseenReplica[] = [];
  let isSettling = false;
  for (const replica of replicas) {
    const seen = await lookAtOne(window, partition, replica, end, clock);
    if (seen === 'settling') isSettling = true;
    else if ('why' in seen) unseen.push(seen);
    else passes.push(seen);
  }
  return { end, passes, unseen, isSettling };
}

export function standingTo({ passes, unseen, isSettling }: ExpiryLook, mark: PartitionMark): ExpiryFinding {
  const isBehind = ({ logStart }: TopicPass): boolean => BigInt(logStart) >= BigInt(mark.offset);
  return {
    passes: passes.filter(isBehind),
    standing: passes.filter((pass) => !isBehind(pass)).map(({ replica }) => replica),
    unseen,
    isSettling,
  };
}

async function lookAtOne(
  window: Pick<TopicWindow, 'extent'>,
  partition: number,
  { broker: replica, isLive, isInSync, isLeader }: ReplicaState,
  end: bigint,
  clock: Clock,
): Promise<TopicPass | UnseenReplica | 'settling'> {
  if (!isLive) return { replica, why: 'down' };
  const at = Math.floor(clock.now());
  try {
    const extent = await window.extent(partition, replica, end);
    if (extent === null || extent.highWatermark < end)
      return isInSync ? 'settling' : { replica, why: 'out of sync' };
    const { logStart, highWatermark } = extent;
    return { at, replica, logStart: `${logStart}`, highWatermark: `${highWatermark}`, records: null };
  } catch (error) {
    if (isLeader) throw error;
    return { replica, why: 'unreadable' };
  }
}
