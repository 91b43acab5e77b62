import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';
import { checkLeaderEpoch } from './leader-epoch.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * OffsetForLeaderEpoch, versions 2 to 4: where the records of an epoch end, so that a client finds out whether its own were
 * truncated (KIP-320). Both -1 for an epoch that this log knows nothing of.
 */
export const offsetForLeaderEpoch = defineHandler(
  apis.offsetForLeaderEpoch,
  { versions: [2, 4] },
  async (request, { broker }) => {
    const slice = new TimeSlice(broker.clock);
    const topics = await slice.map(request.topics, async ({ topic, partitions }) => ({
      topic,
      partitions: await slice.map(partitions, ({ partition, currentLeaderEpoch, leaderEpoch }) => {
        try {
          const log = broker.topics.log(topic, partition);
          checkLeaderEpoch(currentLeaderEpoch, log);
          return { partition, errorCode: ErrorCode.NONE, ...log.epochEnd(leaderEpoch) };
        } catch (error) {
          const { errorCode } = answerError(error, broker.logger);
          return { partition, errorCode, leaderEpoch: -1, endOffset: -1n };
        }
      }),
    }));
    return { throttleTimeMs: 0, topics };
  },
);
