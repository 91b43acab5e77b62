import { apis, ErrorCode } from '@oubliette/protocol';
import type { GroupCoordinator } from '../groups/group-coordinator.js';
import { defineHandler } from '../server/api-handler.js';
import { TimeSlice } from '../log/time-slice.js';

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

async function answer(
  groups: GroupCoordinator,
  groupId: string,
  topics: readonly AskedTopic[] | null,
  slice: TimeSlice,
): Promise<AnsweredTopic[]> {
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
    return slice.map(topics, async ({ name, partitionIndexes }) => ({
      name,
      partitions: await slice.map(partitionIndexes, (partition) => one(name, partition)),
    }));
  }
  const found = new Map<string, AnsweredPartition[]>();
  await slice.map(groups.allCommitted(groupId), ({ topic, partition }) => {
    const others = found.get(topic);
    if (others === undefined) found.set(topic, [one(topic, partition)]);
    else others.push(one(topic, partition));
  });
  return [...found].map(([name, partitions]) => ({ name, partitions }));
}

export const offsetFetch = defineHandler(
  apis.offsetFetch,
  { versions: [1, 9] },
  async (request, { broker, version }) => {
    const slice = new TimeSlice(broker.clock);
    const answerGroup = async (groupId: string, asked: readonly AskedTopic[] | null) => {
      const coordinator = broker.groups.of(groupId);
      if (coordinator === null) return { groupId, topics: [], errorCode: ErrorCode.NOT_COORDINATOR };
      const topics = await answer(coordinator, groupId, asked, slice);
      return { groupId, topics, errorCode: ErrorCode.NONE };
    };
    if (version >= 8) {
      const groups = await slice.map(request.groups, ({ groupId, topics }) => answerGroup(groupId, topics));
      return { throttleTimeMs: 0, groups };
    }
    const { topics, errorCode } = await answerGroup(request.groupId, request.topics);
    return { throttleTimeMs: 0, topics, errorCode };
  },
);
