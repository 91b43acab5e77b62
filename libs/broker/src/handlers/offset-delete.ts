import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';
import { TimeSlice } from '../log/time-slice.js';

/* OffsetDelete, version 0 (KIP-496). Not for a topic that the group's members subscribe to: GROUP_SUBSCRIBED_TO_TOPIC. */
export const offsetDelete = defineHandler(
  apis.offsetDelete,
  { versions: [0, 0] },
  async (request, { broker }) => {
    const partitions = request.topics.flatMap(({ name, partitions: asked }) =>
      asked.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    );
    try {
      const codes = await broker.groups
        .coordinatorOf(request.groupId)
        .deleteOffsets(request.groupId, partitions);
      let at = 0;
      const slice = new TimeSlice(broker.clock);
      const topics = await slice.map(request.topics, async ({ name, partitions: asked }) => ({
        name,
        partitions: await slice.map(asked, ({ partitionIndex }) => {
          const exists =
            partitionIndex >= 0 && partitionIndex < (broker.topics.topics.get(name)?.partitions ?? 0);
          const code = codes[at++] ?? 'UNKNOWN_SERVER_ERROR';
          return { partitionIndex, errorCode: ErrorCode[exists ? code : 'UNKNOWN_TOPIC_OR_PARTITION'] };
        }),
      }));
      return { errorCode: ErrorCode.NONE, throttleTimeMs: 0, topics };
    } catch (error) {
      return { errorCode: answerError(error, broker.logger).errorCode, throttleTimeMs: 0, topics: [] };
    }
  },
);
