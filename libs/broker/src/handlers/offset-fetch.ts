import { apis, ErrorCode } from '@oubliette/protocol';
import type { GroupCoordinator } from '../groups/group-coordinator.js';
import { defineHandler } from '../server/api-handler.js';

/*
 * OffsetFetch, versions 1 to 9 (several groups from 8 on). A partition without a committed offset is answered -1, no error. Without a
 * list of topics: everything the group has committed.
 */

interface AskedTopic {
  readonly name: string;
  readonly partitionIndexes: readonly number[];
}

interface AnsweredPartition {
  readonly partitionIndex: number;
  readonly committedOffset: bigint;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

interface AnsweredTopic {
  readonly name: string;
  readonly partitions: AnsweredPartition[];
}

function answer(
  groups: GroupCoordinator,
  groupId: string,
  topics: readonly AskedTopic[] | null,
): AnsweredTopic[] {
  const one = (topic: string, partitionIndex: number): AnsweredPartition => {
    const stored = groups.committed(groupId, topic, partitionIndex);
    return {
      partitionIndex,
      committedOffset: stored?.offset ?? -1n,
      committedLeaderEpoch: stored?.leaderEpoch ?? -1,
      metadata: stored?.metadata ?? '',
      errorCode: ErrorCode.NONE,
    };
  };
  if (topics !== null) {
    return topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partition) => one(name, partition)),
    }));
  }
  const found = new Map<string, AnsweredPartition[]>();
  for (const { topic, partition } of groups.allCommitted(groupId)) {
    found.set(topic, [...(found.get(topic) ?? []), one(topic, partition)]);
  }
  return [...found].map(([name, partitions]) => ({ name, partitions }));
}

export const offsetFetch = defineHandler(
  apis.offsetFetch,
  { versions: [1, 9] },
  (request, { broker, version }) => {
    const coordinator = broker.groups.current;
    const errorCode = coordinator === null ? ErrorCode.NOT_COORDINATOR : ErrorCode.NONE;
    if (version >= 8) {
      const groups = request.groups.map(({ groupId, topics }) => ({
        groupId,
        topics: coordinator === null ? [] : answer(coordinator, groupId, topics),
        errorCode,
      }));
      return { throttleTimeMs: 0, groups };
    }
    const topics = coordinator === null ? [] : answer(coordinator, request.groupId, request.topics);
    return { throttleTimeMs: 0, topics, errorCode };
  },
);
