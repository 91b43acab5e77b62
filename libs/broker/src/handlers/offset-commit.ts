import { apis, ErrorCode } from '@oubliette/protocol';
import type { OffsetToCommit } from '../groups/group-coordinator.js';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';

/*
 * OffsetCommit, versions 2 to 9, classic groups. Answered when the offsets are synced. A partition that is not there is refused by
 * itself; retentionTimeMs (versions 2 to 4) is ignored, as Kafka does since it keeps offsets by offsets.retention.minutes.
 */
export const offsetCommit = defineHandler(
  apis.offsetCommit,
  { versions: [2, 9] },
  async (request, { broker }) => {
    const exists = (topic: string, partition: number): boolean =>
      partition >= 0 && partition < (broker.topics.topics.get(topic)?.partitions ?? 0);
    const offsets: OffsetToCommit[] = [];
    for (const { name: topic, partitions } of request.topics) {
      for (const entry of partitions) {
        if (!exists(topic, entry.partitionIndex)) continue;
        offsets.push({
          topic,
          partition: entry.partitionIndex,
          offset: entry.committedOffset,
          leaderEpoch: entry.committedLeaderEpoch,
          metadata: entry.committedMetadata,
        });
      }
    }
    const codes: number[] = [];
    let refused: number | null = null;
    try {
      const member = {
        groupId: request.groupId,
        memberId: request.memberId,
        instanceId: request.groupInstanceId,
        generation: request.generationIdOrMemberEpoch,
      };
      codes.push(...(await broker.groups.coordinator.commit(member, offsets)).map((name) => ErrorCode[name]));
    } catch (error) {
      refused = answerError(error, broker.logger).errorCode;
    }
    let at = 0;
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const code = exists(name, partitionIndex) ? codes[at++] : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        return { partitionIndex, errorCode: refused ?? code ?? ErrorCode.UNKNOWN_SERVER_ERROR };
      }),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
