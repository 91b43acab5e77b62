import { apis, ErrorCode } from '@oubliette/protocol';
import type { OffsetToCommit } from '../groups/offset-commits.js';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * OffsetCommit, versions 2 to 9, classic groups. Answered when the offsets are synced. A partition that is not there is refused by
 * itself; what says how long to keep it (versions 2 to 4) expires then, else by offsets.retention.minutes.
 */
export const offsetCommit = defineHandler(
  apis.offsetCommit,
  { versions: [2, 9] },
  async (request, { broker, version }) => {
    const exists = (topic: string, partition: number): boolean =>
      partition >= 0 && partition < (broker.topics.topics.get(topic)?.partitions ?? 0);
    const slice = new TimeSlice(broker.clock);
    const offsets: OffsetToCommit[] = [];
    const hosted = new Set<object>();
    await slice.map(request.topics, ({ name: topic, partitions }) =>
      slice.map(partitions, (entry) => {
        if (!exists(topic, entry.partitionIndex)) return;
        hosted.add(entry);
        offsets.push({
          topic,
          partition: entry.partitionIndex,
          offset: entry.committedOffset,
          leaderEpoch: entry.committedLeaderEpoch,
          metadata: entry.committedMetadata,
        });
      }),
    );
    let codes: readonly number[] = [];
    let refused: number | null = null;
    try {
      const member = {
        groupId: request.groupId,
        memberId: request.memberId,
        instanceId: request.groupInstanceId,
        generation: request.generationIdOrMemberEpoch,
        saysUnknownGroup: version >= 9,
        retentionMs: request.retentionTimeMs,
      };
      codes = (await broker.groups.coordinatorOf(member.groupId).commit(member, offsets)).map(
        (name) => ErrorCode[name],
      );
    } catch (error) {
      refused = answerError(error, broker.logger).errorCode;
    }
    let at = 0;
    const topics = await slice.map(request.topics, async ({ name, partitions }) => ({
      name,
      partitions: await slice.map(partitions, (entry) => {
        const code = hosted.has(entry) ? codes[at++] : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        const errorCode = refused ?? code ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        return { partitionIndex: entry.partitionIndex, errorCode };
      }),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
